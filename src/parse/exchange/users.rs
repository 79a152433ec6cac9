//! Directory users: whether they may sign in, and what is known of their password.

use super::Record;
use crate::model::{Fact, Field, Text, User};
use crate::parse::Findings;
use crate::text;

const UPN: &[&str] = &["UserPrincipalName", "User principal name", "UPN", "SignInName"];

pub(super) fn read(record: &Record<'_>, out: &mut Findings) -> bool {
    let user = record.has(&["userprincipalname", "upn", "signinname"]) || (record.context.asked.is_present() && record.is(super::Hint::User));
    let telling = record.has(&[
        "accountenabled",
        "blockcredential",
        "blocksignin",
        "signinblocked",
        "signinstatus",
        "passwordpolicies",
        "passwordneverexpires",
        "passwordprofile",
        "passwordexpired",
        "lockedout",
        "deleteddatetime",
        "softdeletiontimestamp",
    ]);
    // Sign-in logs and applications have UPNs and switches of their own.
    if !(user && telling) || record.has(&["appid", "createddatetimeutc", "signinactivitytype", "correlationid"]) {
        return false;
    }
    out.recognise("directory-user", text!("directory users and whether they may sign in"));
    let read = User {
        upn: record.or_asked(record.identity(UPN)),
        object_id: record.identity(&["ObjectId", "Object Id", "Id", "ExternalDirectoryObjectId"]),
        name: record.text(&["DisplayName", "Display name"]),
        enabled: enabled(record),
        password_never_expires: never_expires(record),
        password_state: password_state(record),
        deleted: deleted(record),
        taken: record.taken(),
    };
    out.facts.exchange.users.push(Fact::new(read, record.origin()));
    true
}

fn enabled(record: &Record<'_>) -> Field<bool> {
    if record.has(&["accountenabled"]) {
        return record.boolean(&["AccountEnabled", "Account enabled"]);
    }
    match record.boolean(&["BlockCredential", "Block credential", "BlockSignIn", "Sign-in blocked", "SignInBlocked"]) {
        Field::Absent => record
            .text(&["Sign-in status", "SignInStatus"])
            .and_then(|word| match word.to_ascii_lowercase() {
                word if word.contains("block") => Some(false),
                word if word.contains("allow") => Some(true),
                _ => None,
            }),
        blocked => blocked.and_then(|blocked| Some(!blocked)),
    }
}

fn never_expires(record: &Record<'_>) -> Field<bool> {
    match record.boolean(&["PasswordNeverExpires", "Password never expires"]) {
        Field::Absent => record
            .text(&["PasswordPolicies"])
            .and_then(|policies| Some(policies.to_ascii_lowercase().contains("disablepasswordexpiration"))),
        known => known,
    }
}

/// Empty where the export shows that nothing is wrong with the password.
fn password_state(record: &Record<'_>) -> Field<Text> {
    let mut healthy = None;
    let flags = [
        ("PasswordExpired", text!("the password has expired")),
        ("LockedOut", text!("the account is locked out")),
        ("PasswordMustChange", text!("the password must be changed at the next sign-in")),
    ];
    for (name, words) in flags {
        if let Field::Value(flag) = record.boolean(&[name]) {
            if flag.value {
                return Field::Value(Fact::new(words, flag.origin));
            }
            healthy.get_or_insert(flag.origin);
        }
    }
    for path in [
        ["PasswordProfile", "ForceChangePasswordNextSignIn"],
        ["PasswordProfile", "ForceChangePasswordNextLogin"],
    ] {
        let Some(node) = record.node.at(&path) else { continue };
        match node.boolean() {
            Some(true) => {
                let words = text!("the password must be changed at the next sign-in");
                return Field::Value(Fact::new(words, record.context.source.origin_of_property(path[1], node)));
            }
            Some(false) => {
                healthy.get_or_insert(record.context.source.origin_of_property(path[1], node));
            }
            None => {}
        }
    }
    healthy.map_or(Field::Absent, Field::Empty)
}

fn deleted(record: &Record<'_>) -> Field<Text> {
    record
        .text(&["DeletedDateTime", "SoftDeletionTimestamp", "Soft deletion time stamp"])
        .and_then(|date| Some(text!("deleted on {date}", date)))
}
