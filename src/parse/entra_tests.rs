//! Exports of Entra ID as they come, read through the whole way from text to facts.

use super::{Findings, entra_records};
use crate::bundle::{Encoding, Text};
use crate::model::{EntraFacts, Field, PermissionKind, Platform, SignInKind};
use crate::syntax::{self, Source};
use std::sync::Arc;

fn findings(content: &str) -> Findings {
    let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
    let path = Arc::from("1.txt");
    let source = Source { path: &path, text: &text };
    let mut found = Findings::default();
    for section in syntax::sections(&text) {
        entra_records::parse(&source, &section, &mut found);
    }
    found
}

fn entra(content: &str) -> EntraFacts {
    findings(content).facts.entra
}

const NEW: &str = r#"{
	"id": "aaaaaaaa-0000-4000-8000-000000000001",
	"deletedDateTime": null,
	"appId": "BBBBBBBB-0000-4000-8000-000000000002",
	"displayName": "ECE Mail",
	"disabledByMicrosoftStatus": null,
	"signInAudience": "AzureADMyOrg",
	"publisherDomain": "contoso.onmicrosoft.com",
	"api": { "requestedAccessTokenVersion": null },
	"keyCredentials": [],
	"passwordCredentials": [
		{ "displayName": "prod", "endDateTime": "2027-01-02T03:04:05Z", "hint": "abc", "keyId": "cccccccc-0000-4000-8000-000000000003", "secretText": "abc8Q~abcdefghijklmnopqrstuvwxyz012345" }
	],
	"publicClient": { "redirectUris": [] },
	"requiredResourceAccess": [
		{ "resourceAppId": "00000003-0000-0000-c000-000000000000",
		  "resourceAccess": [ { "id": "652390E4-393a-48de-9484-05f9b1212954", "type": "Scope" } ] }
	],
	"web": {
		"redirectUris": [ "https://ece.example.com/system/oauth" ],
		"redirectUriSettings": [ { "uri": "https://ece.example.com/system/oauth", "index": null } ]
	},
	"spa": { "redirectUris": [ "https://spa.example.com/" ] }
}"#;

#[test]
fn reads_the_new_dialect_with_places() {
    let facts = entra(NEW);
    let app = &facts.applications[0];
    assert_eq!(app.app_id.get().unwrap(), "bbbbbbbb-0000-4000-8000-000000000002");
    assert_eq!(app.audience.get().unwrap(), "AzureADMyOrg");
    assert!(app.shows_enabled && !app.cut);
    let uris = app.redirect_uris.get().unwrap();
    assert_eq!(uris.len(), 2);
    assert_eq!(
        (uris[0].uri.as_str(), uris[0].platform),
        ("https://ece.example.com/system/oauth", Platform::Web)
    );
    assert_eq!(uris[0].origin.pointer.as_deref(), Some("/web/redirectUris/0"));
    assert_eq!(uris[0].origin.line, 20);
    assert_eq!(uris[1].platform, Platform::Spa);
    let permission = &app.permissions.get().unwrap()[0];
    assert_eq!(permission.id, "652390e4-393a-48de-9484-05f9b1212954");
    assert_eq!(permission.kind, Some(PermissionKind::Scope));
    assert_eq!(
        permission.origin.pointer.as_deref(),
        Some("/requiredResourceAccess/0/resourceAccess/0/id")
    );
    let secret = &app.credentials.get().unwrap()[0];
    assert_eq!(secret.end.get().unwrap().rfc3339(), "2027-01-02T03:04:05Z");
    assert!(!format!("{facts:?}").contains("8Q~"));
}

#[test]
fn reads_the_old_dialects() {
    let a = entra(
        r#"{"id":"a","appId":"B","name":"ECE","oauth2AllowImplicitFlow":false,"passwordCredentials":[{"endDate":"2025-01-01T00:00:00Z","keyId":"k","value":null}],
        "replyUrlsWithType":[{"url":"https://a.example.com/x","type":"InstalledClient"},{"url":"https://b.example.com/y","type":"SPA"}],"signInAudience":"AzureADMultipleOrgs"}"#,
    );
    let uris = a.applications[0].redirect_uris.get().unwrap();
    assert_eq!(
        uris.iter().map(|u| u.platform).collect::<Vec<_>>(),
        [Platform::PublicClient, Platform::Spa]
    );
    assert_eq!(a.applications[0].name.get().unwrap(), "ECE");
    assert!(a.applications[0].credentials.get().unwrap()[0].is_secret);
    let c = entra(
        r#"{"odata.type":"Microsoft.DirectoryServices.Application","objectId":"a","appId":"b","displayName":"x","availableToOtherTenants":false,"publicClient":null,"replyUrls":["https://a.example.com/x"],"deletionTimestamp":"2024-01-01T00:00:00+00:00"}"#,
    );
    let app = &c.applications[0];
    assert_eq!(app.redirect_uris.get().unwrap()[0].platform, Platform::Web);
    assert_eq!(app.audience.get().unwrap(), "AzureADMyOrg");
    assert!(app.disabled.get().unwrap().english().contains("deleted"));
    assert_eq!(app.object_id.get().unwrap(), "a");
}

#[test]
fn reads_powershell_and_its_depth_cuts() {
    let facts = entra(
        r#"{"AppId":"B","DisplayName":"ECE","KeyCredentials":[],"PasswordCredentials":{"EndDateTime":"\/Date(1769788627239)\/","KeyId":"K","Hint":"x"},
        "RequiredResourceAccess":[{"ResourceAppId":"00000003-0000-0000-C000-000000000000","ResourceAccess":"@{Id=652390e4-393a-48de-9484-05f9b1212954; Type=Scope} @{Id=258f6531-6087-4cc4-bb90-092c5fb3ed3f; Type=Scope}"}],
        "SignInAudience":"AzureADMyOrg","Web":"@{RedirectUris=System.Object[]}","Spa":null}"#,
    );
    let app = &facts.applications[0];
    assert!(app.cut);
    assert!(matches!(app.redirect_uris, Field::Unreadable(_)));
    assert_eq!(app.permissions.get().unwrap().len(), 2);
    assert_eq!(app.credentials.get().unwrap()[0].end.get().unwrap().rfc3339(), "2026-01-30T15:57:07.239Z");
    let types = entra(
        r#"{"AppId":"B","DisplayName":"x","RequiredResourceAccess":["Microsoft.Graph.PowerShell.Models.MicrosoftGraphRequiredResourceAccess"],"Web":{"RedirectUris":[]}}"#,
    );
    assert!(matches!(types.applications[0].permissions, Field::Unreadable(_)));
    assert!(types.applications[0].redirect_uris.is_empty());
    let ended = entra(r#"{"appId":"B","displayName":"x","signInAudience":"AzureADMyOrg","publicClient":{"redirectUris":[]}"#);
    assert!(matches!(ended.applications[0].redirect_uris, Field::Unreadable(_)));
    let classes = entra(r#"{"AppId":"B","DisplayName":"x","RequiredResourceAccess":["class RequiredResourceAccess {"],"ReplyUrls":[]}"#);
    assert!(matches!(classes.applications[0].permissions, Field::Unreadable(_)));
}

#[test]
fn reads_envelopes_fragments_and_pieces() {
    let envelope = format!(r#"{{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#applications","value":[{NEW}]}}"#);
    let uris = entra(&envelope).applications[0].redirect_uris.get().unwrap()[0].origin.pointer.clone();
    assert_eq!(uris.as_deref(), Some("/value/0/web/redirectUris/0"));
    let fragment = entra(r#""requiredResourceAccess": [{"resourceAppId": "R", "resourceAccess": [{"id": "I", "type": "Role"}]}],"#);
    assert_eq!(fragment.applications[0].permissions.get().unwrap()[0].kind, Some(PermissionKind::Role));
    assert!(!fragment.applications[0].credentials.is_present());
    let secrets = entra(
        r#"[{"customKeyIdentifier":null,"displayName":"a","endDateTime":"2025-05-05T00:00:00Z","hint":"x","keyId":"1"},{"endDateTime":"2026-05-05T00:00:00Z","hint":"x","keyId":"2"}]"#,
    );
    assert_eq!(secrets.applications.len(), 1);
    assert_eq!(secrets.applications[0].credentials.get().unwrap().len(), 2);
}

#[test]
fn reads_terraform_and_joins_its_resources() {
    let facts = entra(
        r#"{"version":4,"terraform_version":"1.7.0","resources":[
        {"type":"azuread_application","instances":[{"attributes":{"client_id":"B","object_id":"O","display_name":"ECE","sign_in_audience":"AzureADMyOrg","password":[],
          "web":[{"redirect_uris":["https://ece.example.com/x"]}],"single_page_application":[{"redirect_uris":[]}],
          "required_resource_access":[{"resource_app_id":"R","resource_access":[{"id":"I","type":"Scope"}]}]}}]},
        {"type":"azuread_application_password","instances":[{"attributes":{"application_id":"/applications/o","end_date":"2026-01-01T00:00:00Z","key_id":"K","value":"very-secret-value"}}]},
        {"type":"azuread_service_principal","instances":[{"attributes":{"client_id":"B","object_id":"S","account_enabled":true,"app_role_assignment_required":false}}]}]}"#,
    );
    let app = &facts.applications[0];
    assert_eq!(app.redirect_uris.get().unwrap()[0].uri, "https://ece.example.com/x");
    assert_eq!(app.credentials.get().unwrap().len(), 1);
    assert_eq!(facts.service_principals[0].enabled.get(), Some(&true));
    assert!(!format!("{facts:?}").contains("very-secret-value"));
}

#[test]
fn reads_consent() {
    let facts = entra(
        r#"{"value":[{"clientId":"S","consentType":"AllPrincipals","id":"g","principalId":null,"resourceId":"R","scope":" IMAP.AccessAsUser.All SMTP.Send"},
        {"clientId":"S","consentType":"Principal","id":"h","principalId":"U","resourceId":"R","scope":"offline_access"}]}
        [{"appRoleId":"00000000-0000-0000-0000-000000000000","principalId":"U","principalDisplayName":"Sales","principalType":"User","resourceId":"S","resourceDisplayName":"ECE"}]
        {"servicePrincipalType":"Application","id":"S","appId":"B","accountEnabled":false,"appRoleAssignmentRequired":true,"replyUrls":[]}"#,
    );
    assert_eq!(facts.grants[0].scopes.get().unwrap(), &["IMAP.AccessAsUser.All", "SMTP.Send"]);
    assert_eq!(facts.grants[0].for_all.get(), Some(&true));
    assert_eq!(facts.grants[1].principal_id.get().unwrap(), "u");
    assert_eq!(facts.role_assignments.len(), 1);
    assert_eq!(facts.service_principals[0].enabled.get(), Some(&false));
    assert!(facts.applications.is_empty());
}

#[test]
fn reads_policies() {
    let facts = entra(
        r#"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#policies/tokenLifetimePolicies","value":[{"id":"p","definition":["{\"TokenLifetimePolicy\":{\"Version\":1,\"AccessTokenLifetime\":\"00:30:00\",\"MaxInactiveTime\":\"20.00:00:00\"}}"],"displayName":"Short","isOrganizationDefault":true}]}
        {"id":"00000000-0000-0000-0000-000000000005","displayName":"Security Defaults","isEnabled":true}
        {"DefaultUserRolePermissions":{"PermissionGrantPoliciesAssigned":["ManagePermissionGrantsForSelf.microsoft-user-default-low"]}}"#,
    );
    assert_eq!(facts.token_policies[0].access_seconds.get(), Some(&1800));
    assert_eq!(facts.token_policies[0].ignored, ["MaxInactiveTime 20.00:00:00"]);
    assert!(facts.security_defaults[0].value);
    assert_eq!(facts.user_consent[0].value.len(), 1);
    let none = entra(r#"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#policies/tokenLifetimePolicies","value":[]}"#);
    assert_eq!((none.token_policy_exports.len(), none.token_policies.len()), (1, 0));
}

#[test]
fn reads_conditional_access() {
    let facts = entra(
        r#"[{"Id":"P","DisplayName":"Block abroad","State":"enabled","ModifiedDateTime":"\/Date(1769788627239)\/","Conditions":{"ClientAppTypes":["all"],"Applications":{"IncludeApplications":["All"],"ExcludeApplications":[]},"Users":{"IncludeUsers":["All"],"ExcludeRoles":["r"]},"Locations":{"IncludeLocations":["All"],"ExcludeLocations":["AllTrusted"]},"Platforms":{"IncludePlatforms":[]}},"GrantControls":{"Operator":"OR","BuiltInControls":["block"],"AuthenticationStrength":{"Id":null}}},
        {"id":"q","displayName":"MFA","state":"enabled","conditions":{"applications":{"includeApplications":["Office365"]},"users":{"includeUsers":["All"]},"authenticationFlows":{"transferMethods":"deviceCodeFlow"}},"grantControls":{"operator":"OR","builtInControls":[],"authenticationStrength":{"id":"x","displayName":"MFA"}}}]"#,
    );
    let block = &facts.conditional_access[0];
    assert_eq!(block.controls, ["block"]);
    assert_eq!(block.exclude_locations, ["AllTrusted"]);
    assert_eq!(block.exclude_groups, ["r"]);
    assert_eq!(block.modified.get().unwrap().date(), "2026-01-30");
    assert!(!block.cut && block.narrowed_by.is_empty());
    assert_eq!(facts.conditional_access[1].controls, ["mfa"]);
    assert!(facts.conditional_access[1].beside_mail.is_some());
}

#[test]
fn reads_sign_ins_of_every_tool() {
    let graph = r#"{"value":[{"createdDateTime":"2026-03-22T18:09:11Z","userPrincipalName":"Sales@contoso.com","appId":"B","appDisplayName":"ECE","isInteractive":false,"incomingTokenType":"refreshToken","homeTenantId":"T","status":{"errorCode":53003,"failureReason":"Blocked"},"appliedConditionalAccessPolicies":[{"displayName":"Block","result":"failure"},{"displayName":"R","result":"reportOnlyFailure"}]}]}"#;
    let diagnostic = r#"{"time":"2025-01-05T13:55:38.1234567Z","operationName":"Sign-in activity","category":"NonInteractiveUserSignInLogs","tenantId":"T","resultType":"0","properties":{"userPrincipalName":"a@contoso.com","appId":"B","appDisplayName":"ECE","status":{"errorCode":0},"authenticationProcessingDetails":[{"key":"Legacy TLS (TLS 1.0, 1.1, 3DES)","value":"True"}]}}"#;
    let siem = r#"{"time":"2025-01-05 13:55:38","category":"signinlogs","operationname":"Sign-in activity","resulttype":50126,"resultdescription":"Invalid","calleripaddress":"203.0.113.9","properties":{"userprincipalname":"a@contoso.com","appid":"b","appdisplayname":"ECE"}}"#;
    let shell = r#"{"CreatedDateTime":"\/Date(1769788627239)\/","UserPrincipalName":"a@contoso.com","AppId":"B","AppDisplayName":"ECE","IsInteractive":true,"Status":{"ErrorCode":0,"FailureReason":"Other."}}"#;
    let csv = "Date (UTC),Request ID,Correlation ID,User,Username,Application,Application ID ,Status,Sign-in error code,Failure reason,Client app,Incoming token type\n2025-12-04T08:19:41Z,r,c,Sales,SALES@contoso.com,ECE,B,Failure,50011,\"The redirect URI, wrong\",Browser,none\n";
    let read = |text: &str| entra(text).sign_ins.into_iter().next().unwrap().value;
    let s = read(graph);
    assert_eq!(
        (s.error, s.user.as_deref(), s.kind),
        (Some(53003), Some("sales@contoso.com"), Some(SignInKind::NonInteractive))
    );
    assert_eq!(s.failed_policies, ["Block"]);
    let s = read(diagnostic);
    assert_eq!(
        (s.error, s.tenant.as_deref(), s.kind, s.legacy_tls),
        (Some(0), Some("t"), Some(SignInKind::NonInteractive), true)
    );
    let s = read(siem);
    assert_eq!(
        (s.error, s.ip.as_deref(), s.kind),
        (Some(50126), Some("203.0.113.9"), Some(SignInKind::Interactive))
    );
    assert!(s.time.unwrap().instant().is_some());
    let s = read(shell);
    assert_eq!(
        (s.error, s.kind, s.time.unwrap().date().as_str()),
        (Some(0), Some(SignInKind::Interactive), "2026-01-30")
    );
    let s = read(csv);
    assert_eq!(
        (s.error, s.app_id.as_deref(), s.client_app.as_deref()),
        (Some(50011), Some("b"), Some("Browser"))
    );
    assert_eq!(s.kind, None);
}

#[test]
fn dates_of_a_spreadsheet_are_settled_per_file_or_left_out() {
    let row = |date: &str| format!("{date},Sales,s@contoso.com,ECE,B,Success,0\n");
    let head = "Date (UTC),User,Username,Application,Application ID ,Status,Sign-in error code\n";
    let settled = entra(&format!("{head}{}{}", row("05/01/2024 10:11:12"), row("15/01/2024 10:11:12")));
    assert_eq!(settled.sign_ins[0].time.unwrap().rfc3339(), "2024-01-05T10:11:12Z");
    let open = findings(&format!("{head}{}{}", row("05/01/2024 10:11:12"), row("06/01/2024 10:11:12")));
    assert_eq!(open.facts.entra.sign_ins[0].time, None);
    assert_eq!(open.losses.len(), 1);
}

#[test]
fn reads_audit_events_answers_tokens_and_recordings() {
    let facts = entra(
        r#"{"activityDisplayName":"Consent to application.","activityDateTime":"2026-01-01T00:00:00Z","result":"success","initiatedBy":{"app":null,"user":{"userPrincipalName":"admin@contoso.com"}},"targetResources":[{"id":"S","displayName":"ECE","modifiedProperties":[{"displayName":"ConsentContext.IsAdminConsent","oldValue":null,"newValue":"\"True\""}]}]}
        {"token_type":"Bearer","scope":"https://outlook.office.com/IMAP.AccessAsUser.All","expires_in":3599,"access_token":"opaque-opaque","refresh_token":"0.AAAAAAAA"}
        {"error":"invalid_grant","error_description":"AADSTS70002: x. AADSTS70008: expired","error_codes":[70008]}
        {"aud":"https://outlook.office365.com","iss":"https://sts.windows.net/t/","exp":1717003900,"iat":1717000000,"appid":"B","upn":"Jane@contoso.com","scp":"IMAP.AccessAsUser.All"}"#,
    );
    assert_eq!(facts.audit[0].activity.get().unwrap(), "Consent to application");
    assert_eq!(facts.audit[0].actor.get().unwrap(), "admin@contoso.com");
    assert_eq!(facts.audit[0].changes, ["ConsentContext.IsAdminConsent:  -> True"]);
    assert_eq!(facts.token_answers[0].expires_in, Some(3599));
    assert!(facts.token_answers[0].has_refresh_token);
    assert_eq!(facts.token_answers[1].codes, [70002, 70008]);
    assert_eq!(facts.tokens[0].user.as_deref(), Some("jane@contoso.com"));
    assert_eq!(
        facts.tokens[0].tenant.as_deref(),
        Some("t"),
        "the issuer names the tenant where `tid` is missing"
    );
    assert!(!format!("{facts:?}").contains("opaque-opaque"));
    let har = findings(
        r#"{"log":{"version":"1.2","entries":[{"startedDateTime":"2026-01-01T10:00:00Z","request":{"method":"GET","url":"https://ECE.example.com:8443/system/web/view/platform/admin.jsp?x=1"}},
        {"request":{"url":"https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=B&redirect_uri=https%3A%2F%2Fece.example.com%2Fx&state=verysecretstate"}}]}}"#,
    )
    .facts;
    assert_eq!(har.network.console_hosts[0].value, "ece.example.com:8443");
    assert_eq!(har.entra.authorize_requests[0].redirect_uri.as_deref(), Some("https://ece.example.com/x"));
    assert!(!format!("{har:?}").contains("verysecretstate"));
}

#[test]
fn other_peoples_evidence_is_left_alone() {
    for text in [
        r#"{"Name":"sales","PopEnabled":true,"ImapEnabled":true,"SmtpClientAuthenticationDisabled":null}"#,
        r#"[{"userPrincipalName":"a@contoso.com","accountEnabled":true,"displayName":"a","assignedLicenses":[]}]"#,
        r#"{"skuPartNumber":"ENTERPRISEPACK","servicePlans":[]}"#,
        "Name,Value\nExternal URL of Application,https://ece.example.com\n",
        "[]",
        r#"{"error":"something else"}"#,
    ] {
        let found = findings(text);
        assert!(found.recognised.is_empty(), "{text}: {:?}", found.recognised);
    }
}
