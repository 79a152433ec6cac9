//! System URL (tech note "System configuration").

mod application;
mod console_host;
mod external_url;
mod redirect_exact;
mod redirect_host;
mod scopes_agree;
mod setting_for_release;
mod single_fqdn;

use super::Check;

/// Checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[
    external_url::CHECK,
    setting_for_release::CHECK,
    scopes_agree::CHECK,
    redirect_host::CHECK,
    redirect_exact::CHECK,
    console_host::CHECK,
    single_fqdn::CHECK,
];

/// What a change of the external URL touches besides mail.
const ALSO_TOUCHES: &str = "The external URL also drives agent single sign-on and the default HTML of chat entry points: change it in a maintenance window, and test both again.";

/// The step that makes ECE get a token anew.
const GENERATE: &str = "Open the console under exactly that name, and press Generate again for each e-mail account (Administration Console, <department> > Apps > Email > Accounts), in a private browser window, signed in as the account's own user.";

/// How to see that it works again.
const VERIFY: &str = "Verify: Generate ends without an error, the Retriever log shows the alias being polled without failures, and a test mail is fetched and answered. Set an alias that has become inactive back to active.";
