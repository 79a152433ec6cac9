//! What a bundle says of Entra ID (Azure AD): registrations, consent, policies, sign-ins, tokens.

use super::{AuthorizeRequest, Fact, Field, Stamp};
use crate::model::Text;

/// Under which platform a redirect URI is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum Platform {
    /// `web`: the right one for ECE.
    Web,
    /// `spa`: server-side redemption is refused; refresh tokens die after 24 h.
    Spa,
    /// `publicClient` / `InstalledClient`.
    PublicClient,
    /// The export doesn't say (`replyUrls` of the oldest dialect).
    Unknown,
}

/// A registered redirect URI.
#[derive(Clone, Debug, serde::Serialize)]
pub struct RedirectUri {
    /// As registered.
    pub uri: String,
    /// Its platform.
    pub platform: Platform,
}

/// A secret or certificate of a registration; never its value.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Credential {
    /// True for `passwordCredentials`, false for `keyCredentials`.
    pub is_secret: bool,
    /// Its display name.
    pub name: Option<String>,
    /// Its id.
    pub key_id: Option<String>,
    /// When it begins to count.
    pub start: Option<Stamp>,
    /// When it ends; absent or unreadable dates prove nothing.
    pub end: Field<Stamp>,
}

/// How a permission is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum PermissionKind {
    /// Delegated (`Scope`).
    Scope,
    /// Application (`Role`).
    Role,
}

/// A permission that a registration asks for.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Permission {
    /// App id of the resource (or its name, in hand-made manifests), lower case.
    pub resource: String,
    /// Id of the permission (or its name), lower case.
    pub id: String,
    /// As declared; `None` if unreadable.
    pub kind: Option<PermissionKind>,
}

/// An app registration: a manifest in any of its dialects.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Application {
    /// Client id, lower case.
    pub app_id: Field<String>,
    /// Object id, lower case: no protocol uses it, but exports refer to each other by it.
    pub object_id: Field<String>,
    /// Display name.
    pub name: Field<String>,
    /// Redirect URIs. Absent if the export has no list of any platform.
    pub redirect_uris: Field<Vec<Fact<RedirectUri>>>,
    /// Secrets and certificates. Absent if the export has neither list.
    pub credentials: Field<Vec<Fact<Credential>>>,
    /// Permissions asked for. Absent if the export has no `requiredResourceAccess`.
    pub permissions: Field<Vec<Fact<Permission>>>,
    /// `AzureADMyOrg` and the like.
    pub audience: Field<String>,
    /// Domain that names the tenant.
    pub publisher_domain: Field<String>,
    /// `disabledByMicrosoftStatus`, `isDisabled`, `deletedDateTime`: what says that it is off, in words.
    pub disabled: Field<Text>,
    /// True if the export shows that none of the members above says it is off.
    pub shows_enabled: bool,
    /// True if the export was cut (`-Depth`, a paste without its end).
    pub cut: bool,
}

/// An enterprise application (service principal).
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct ServicePrincipal {
    /// Object id, lower case.
    pub id: Field<String>,
    /// Client id, lower case.
    pub app_id: Field<String>,
    /// Display name.
    pub name: Field<String>,
    /// False: nobody signs in.
    pub enabled: Field<bool>,
    /// True: only assigned users sign in, and only administrators consent.
    pub assignment_required: Field<bool>,
    /// Its own reply URLs.
    pub reply_urls: Field<Vec<String>>,
    /// `disabledByMicrosoftStatus` and the like, in words.
    pub disabled: Field<Text>,
}

/// A delegated grant (`oauth2PermissionGrant`).
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Grant {
    /// Object id of the client's service principal (not its appId), lower case.
    pub client_id: Field<String>,
    /// appId of the client, where the export shows it beside the grant (assessment tools do), lower case.
    pub client_app_id: Field<String>,
    /// Name of the client, where the export shows it.
    pub client_name: Field<String>,
    /// True for `AllPrincipals`.
    pub for_all: Field<bool>,
    /// User it is for, by object id.
    pub principal_id: Field<String>,
    /// Name of that user, where the export shows it, lower case.
    pub principal_name: Field<String>,
    /// Object id of the resource's service principal.
    pub resource_id: Field<String>,
    /// Granted scopes, one name each.
    pub scopes: Field<Vec<String>>,
}

/// An app role assignment: application permissions of a client, or users assigned to it.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct RoleAssignment {
    /// Role id; all zeros is default access.
    pub role_id: Field<String>,
    /// Who has it, by object id.
    pub principal_id: Field<String>,
    /// Who has it, by name.
    pub principal_name: Field<String>,
    /// `User`, `Group`, `ServicePrincipal`.
    pub principal_type: Field<String>,
    /// Object id of the resource.
    pub resource_id: Field<String>,
    /// Name of the resource.
    pub resource_name: Field<String>,
}

/// A token lifetime policy.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct TokenPolicy {
    /// Its id.
    pub id: Field<String>,
    /// Its name.
    pub name: Field<String>,
    /// `AccessTokenLifetime`, in seconds.
    pub access_seconds: Field<u64>,
    /// Members that have had no effect since 2021-01-30 (refresh and session lifetimes), as written.
    pub ignored: Vec<String>,
    /// Whether it is the organisation's default.
    pub is_default: Field<bool>,
    /// What it is bound to, if the export shows it (names or ids).
    pub applies_to: Field<Vec<String>>,
}

/// A Conditional Access policy, as far as it can concern ECE.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct ConditionalAccess {
    /// Its id.
    pub id: Field<String>,
    /// Its name.
    pub name: Field<String>,
    /// `enabled`, `disabled`, `enabledForReportingButNotEnforced`.
    pub state: Field<String>,
    /// When it was made.
    pub created: Field<Stamp>,
    /// When it was last changed.
    pub modified: Field<Stamp>,
    /// Client app types.
    pub client_app_types: Vec<String>,
    /// Apps it covers, ids or words.
    pub include_apps: Vec<String>,
    /// Apps it leaves out.
    pub exclude_apps: Vec<String>,
    /// Users it covers, ids or words.
    pub include_users: Vec<String>,
    /// Users it leaves out.
    pub exclude_users: Vec<String>,
    /// Groups and roles it covers: can't be expanded offline.
    pub include_groups: Vec<String>,
    /// Groups and roles it leaves out.
    pub exclude_groups: Vec<String>,
    /// Locations it covers.
    pub include_locations: Vec<String>,
    /// Locations it leaves out.
    pub exclude_locations: Vec<String>,
    /// `AND` or `OR` between the controls.
    pub operator: Option<String>,
    /// `block`, `mfa`, `compliantDevice` …; an authentication strength counts as `mfa`.
    pub controls: Vec<String>,
    /// Conditions that narrow it further (platforms, risk, device filters), in words.
    pub narrowed_by: Vec<Text>,
    /// Why it can't concern a user's sign-in to mail (user actions, workload identities, device code flow only), in words.
    pub beside_mail: Option<Text>,
    /// True if the export was cut, so that lists may be incomplete.
    pub cut: bool,
}

/// A named location of Conditional Access.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct NamedLocation {
    /// Its id.
    pub id: Field<String>,
    /// Its name.
    pub name: Field<String>,
    /// Address ranges (CIDR).
    pub ranges: Vec<String>,
    /// Whether it is trusted.
    pub trusted: Field<bool>,
}

/// An audit event.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct AuditEvent {
    /// When.
    pub time: Field<Stamp>,
    /// `Consent to application`, `Update policy` …
    pub activity: Field<String>,
    /// `success` or `failure`.
    pub result: Field<String>,
    /// Who did it.
    pub actor: Field<String>,
    /// Names and ids of what it was done to.
    pub targets: Vec<String>,
    /// Changed properties as `name: old -> new`, masked.
    pub changes: Vec<String>,
}

/// Whether a person sat at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum SignInKind {
    /// In a browser.
    Interactive,
    /// Code redemption and refreshes.
    NonInteractive,
    /// Of the application itself.
    ServicePrincipal,
}

/// A sign-in.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct SignIn {
    /// When (UTC).
    pub time: Option<Stamp>,
    /// Interactive or not.
    pub kind: Option<SignInKind>,
    /// User principal name, lower case.
    pub user: Option<String>,
    /// User's object id.
    pub user_id: Option<String>,
    /// Client id, lower case.
    pub app_id: Option<String>,
    /// Application's name.
    pub app_name: Option<String>,
    /// Resource's app id.
    pub resource_id: Option<String>,
    /// Error code, 0 for success; `None` if the row doesn't say.
    pub error: Option<u32>,
    /// Reason as written.
    pub reason: Option<String>,
    /// Client app (`Browser`, `IMAP4` …).
    pub client_app: Option<String>,
    /// Address it came from.
    pub ip: Option<String>,
    /// Tenant of the resource, lower case.
    pub tenant: Option<String>,
    /// Correlation id.
    pub correlation_id: Option<String>,
    /// `refreshTokenGrant` and the like.
    pub protocol: Option<String>,
    /// `refreshToken` and the like.
    pub incoming_token: Option<String>,
    /// Names of Conditional Access policies with result `failure` (their ids where no name is shown).
    pub failed_policies: Vec<String>,
    /// `singleFactorAuthentication` or `multiFactorAuthentication`, as the row says what was asked for.
    pub requirement: Option<String>,
    /// Id of the secret or certificate that the application showed, lower case.
    pub credential_key_id: Option<String>,
    /// `Legacy TLS (TLS 1.0, 1.1, 3DES)` = True.
    pub legacy_tls: bool,
}

/// Claims of a token, decoded without its secret: what whose token for what.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Claims {
    /// Audience.
    pub audience: Option<String>,
    /// Tenant, lower case.
    pub tenant: Option<String>,
    /// Client id, lower case.
    pub app_id: Option<String>,
    /// Whose token it is: `upn`, `preferred_username` or `unique_name`, lower case.
    pub user: Option<String>,
    /// Object id of the user.
    pub user_id: Option<String>,
    /// Delegated scopes.
    pub scopes: Vec<String>,
    /// Application roles.
    pub roles: Vec<String>,
    /// Issued at, seconds since 1970.
    pub issued: Option<i64>,
    /// Not before.
    pub not_before: Option<i64>,
    /// Expires.
    pub expires: Option<i64>,
}

/// Everything a member says of Entra ID. Tokens and token answers inside ECE logs are log events (`LogFacts`).
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct EntraFacts {
    /// App registrations.
    pub applications: Vec<Fact<Application>>,
    /// Enterprise applications.
    pub service_principals: Vec<Fact<ServicePrincipal>>,
    /// Delegated grants.
    pub grants: Vec<Fact<Grant>>,
    /// App role assignments.
    pub role_assignments: Vec<Fact<RoleAssignment>>,
    /// Token lifetime policies.
    pub token_policies: Vec<Fact<TokenPolicy>>,
    /// Exports of token lifetime policies, empty ones included: an export that shows none is evidence.
    pub token_policy_exports: Vec<Fact<()>>,
    /// Conditional Access policies.
    pub conditional_access: Vec<Fact<ConditionalAccess>>,
    /// Exports of Conditional Access policies, empty ones included.
    pub conditional_access_exports: Vec<Fact<()>>,
    /// Named locations.
    pub named_locations: Vec<Fact<NamedLocation>>,
    /// Security defaults on or off.
    pub security_defaults: Vec<Fact<bool>>,
    /// Who may consent: permission grant policies assigned to default users.
    pub user_consent: Vec<Fact<Vec<String>>>,
    /// Audit events.
    pub audit: Vec<Fact<AuditEvent>>,
    /// Sign-ins.
    pub sign_ins: Vec<Fact<SignIn>>,
    /// Exports of sign-ins, empty ones included.
    pub sign_in_exports: Vec<Fact<()>>,
    /// Claims of tokens that stand outside ECE logs.
    pub tokens: Vec<Fact<Claims>>,
    /// Token answers outside ECE logs.
    pub token_answers: Vec<Fact<TokenAnswer>>,
    /// Authorize requests outside ECE logs: browsers' recordings.
    pub authorize_requests: Vec<Fact<AuthorizeRequest>>,
}

/// An answer of the token endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct TokenAnswer {
    /// `expires_in`, in seconds.
    pub expires_in: Option<u64>,
    /// Scopes granted.
    pub scopes: Vec<String>,
    /// OAuth error word.
    pub error: Option<String>,
    /// AADSTS codes, in the order of the text.
    pub codes: Vec<u32>,
    /// Claims of the access token in it.
    pub claims: Option<Claims>,
    /// True if it carries a refresh token.
    pub has_refresh_token: bool,
}

impl EntraFacts {
    /// Takes over the facts of another member, behind its own.
    pub fn append(&mut self, other: Self) {
        self.applications.extend(other.applications);
        self.service_principals.extend(other.service_principals);
        self.grants.extend(other.grants);
        self.role_assignments.extend(other.role_assignments);
        self.token_policies.extend(other.token_policies);
        self.token_policy_exports.extend(other.token_policy_exports);
        self.conditional_access.extend(other.conditional_access);
        self.conditional_access_exports.extend(other.conditional_access_exports);
        self.named_locations.extend(other.named_locations);
        self.security_defaults.extend(other.security_defaults);
        self.user_consent.extend(other.user_consent);
        self.audit.extend(other.audit);
        self.sign_ins.extend(other.sign_ins);
        self.sign_in_exports.extend(other.sign_in_exports);
        self.tokens.extend(other.tokens);
        self.token_answers.extend(other.token_answers);
        self.authorize_requests.extend(other.authorize_requests);
    }
}
