//! Azure AD application: the registration, its enterprise application, what it may do, and for whom.

mod assignment;
mod audience;
mod client_id;
mod cloud;
mod consent;
mod enabled;
mod permission_identity;
mod permissions;
mod redirect_form;
mod redirect_platform;
mod registration;
mod secret;
mod tenant;

use super::Check;

/// The checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[
    redirect_platform::CHECK,
    redirect_form::CHECK,
    client_id::CHECK,
    tenant::CHECK,
    audience::CHECK,
    secret::CHECK,
    permissions::CHECK,
    permission_identity::CHECK,
    consent::CHECK,
    enabled::CHECK,
    assignment::CHECK,
    cloud::CHECK,
];

pub(in crate::checks) use registration::needed_scopes;
