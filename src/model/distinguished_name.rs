//! Distinguished names as tools print them.

/// The common name of a distinguished name in any of its spellings: `/C=US/CN=x`, `C = US, CN = x`, `C=US; CN=x`.
pub fn common_name(name: &str) -> Option<String> {
    part(name, "CN").map(|cn| cn.trim_start_matches("*.").to_ascii_lowercase())
}

/// The organisation of a distinguished name in any of its spellings.
pub fn organisation(name: &str) -> Option<String> {
    part(name, "O")
}

fn part(name: &str, key: &str) -> Option<String> {
    let slashes = name.trim_start().starts_with('/');
    let mut rest = name;
    while !rest.is_empty() {
        let separators: &[char] = if slashes { &['/'] } else { &[',', ';', '/', '+'] };
        let (piece, after) = split_quoted(rest, separators);
        if let Some((label, value)) = piece.split_once('=')
            && label.trim().eq_ignore_ascii_case(key)
        {
            let value = value.trim().trim_matches('"').trim();
            return (!value.is_empty()).then(|| value.to_owned());
        }
        rest = after;
    }
    None
}

/// The text up to the first separator outside quotes, and what follows it.
fn split_quoted<'a>(text: &'a str, separators: &[char]) -> (&'a str, &'a str) {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if !quoted && separators.contains(&c) => return (text.get(..at).unwrap_or(""), text.get(at + c.len_utf8()..).unwrap_or("")),
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_style_of_names() {
        for name in [
            "/C=US/O=DigiCert Inc/OU=www.digicert.com/CN=DigiCert Global Root G2",
            "C = US, O = DigiCert Inc, OU = www.digicert.com, CN = DigiCert Global Root G2",
            "C=US, O=DigiCert Inc, CN=DigiCert Global Root G2",
            "C=US; O=DigiCert Inc; CN=DigiCert Global Root G2",
            "CN=\"DigiCert Global Root G2\", O=\"DigiCert Inc\", C=US",
        ] {
            assert_eq!(organisation(name).as_deref(), Some("DigiCert Inc"), "{name}");
            assert_eq!(common_name(name).as_deref(), Some("digicert global root g2"), "{name}");
        }
        assert_eq!(organisation("CN=\"Contoso, Inc. CA\", DC=contoso, DC=com"), None);
        assert_eq!(
            organisation("C = US, O = \"Blue Coat, Inc.\", CN = x").as_deref(),
            Some("Blue Coat, Inc.")
        );
    }
}
