//! Names of files and folders as reports show them.

use super::sha256;
use crate::model::secret;
use std::borrow::Cow;

/// `part` of a path, with the secrets in it replaced by the names of their kinds: people save a token under its own name. Four
/// digits of a hash keep such names apart; they are too few to tell the secret by. The ending stays.
pub fn shown(part: &str) -> Cow<'_, str> {
    let ending = part
        .rfind('.')
        .filter(|&at| part.len() - at <= 6 && part[at + 1..].bytes().all(|b| b.is_ascii_alphanumeric()));
    let (stem, ending) = part.split_at(ending.unwrap_or(part.len()));
    match secret::mask(stem) {
        Cow::Borrowed(_) => Cow::Borrowed(part),
        Cow::Owned(masked) => {
            let hash = sha256(part.as_bytes());
            Cow::Owned(format!("{masked}-{}{ending}", hash.get(..4).unwrap_or_default()))
        }
    }
}

/// The parts of a path that slashes divide, each as [`shown`].
pub fn shown_path(path: &str) -> String {
    path.split('/').map(shown).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_name_is_not_shown() {
        for secret in [
            "aB38Q~kLmN0pQrStUvWxYz0123456789abcdEfGh",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL291dGxvb2sub2ZmaWNlLmNvbSJ9.Ab3Ab3Ab3Ab3Ab3Ab3Ab3",
        ] {
            for before in ["", "secret_", "token "] {
                let name = format!("{before}{secret}.txt");
                let shown = shown(&name);
                assert!(!shown.contains(&secret[4..20]) && shown.ends_with(".txt"), "{shown}");
            }
            assert!(!shown_path(&format!("a/{secret}/b.log")).contains(&secret[4..20]));
        }
    }

    #[test]
    fn ordinary_names_stay() {
        for name in [
            "eg_log_ECESVC01_rx-process_20250105-115454.log",
            "PowerShell_transcript.ADM01.KAw6hmbW.20250105170423.txt",
            "licenseDetails_svc_ecemail@contoso.com.json",
            "customer upload/ECE export/password policy.txt",
            "..",
            "",
            "è.é",
        ] {
            assert_eq!(shown_path(name), name);
        }
    }

    #[test]
    fn two_names_with_secrets_stay_two() {
        let a = shown_path("aB38Q~kLmN0pQrStUvWxYz0123456789abcdEfGh.txt");
        let b = shown_path("xB38Q~kLmN0pQrStUvWxYz0123456789abcdEfGh.txt");
        assert_ne!(a, b);
    }
}
