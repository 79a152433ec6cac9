//! Values as PowerShell prints them into lists and tables.

use super::{Node, Place, Value};

/// Reads a printed value: nothing is null, `{a, b, c...}` is a list, and shortened if it says so.
pub(super) fn value(text: &str, place: &Place, single_line: bool) -> Value {
    let text = text.trim();
    if text.is_empty() {
        return Value::Null;
    }
    if super::node::is_cut_by_depth(text) {
        return Value::Cut(text.into());
    }
    let Some(inner) = text.strip_prefix('{') else {
        return Value::Text(text.into());
    };
    let (inner, closed) = match inner.strip_suffix('}') {
        Some(inner) => (inner, true),
        None => (inner, false),
    };
    if inner.trim().is_empty() && closed {
        return Value::List(Vec::new(), false);
    }
    let (body, shortened) = match strip_ellipsis(inner) {
        Some(body) => (body, true),
        None => (inner, !closed),
    };
    let mut items = Vec::new();
    let mut at = 1;
    for part in top_level(body) {
        let item = part.trim();
        let lead = part.len() - part.trim_start().len();
        let before = text.get(..at + lead).map_or(0, |s| s.chars().count());
        if !item.is_empty() {
            let place = match single_line {
                true => Place {
                    column: place.column.saturating_add(u32::try_from(before).unwrap_or(0)),
                    offset: place.offset.map(|o| o + at + lead),
                    ..place.clone()
                },
                false => place.clone(),
            };
            items.push(Node::new(Value::Text(item.into()), place));
        }
        at += part.len() + 1;
    }
    if !closed
        && let Some(last) = items.last_mut()
        && let Value::Text(text) = &mut last.value
    {
        last.value = Value::Cut(std::mem::take(text));
    }
    Value::List(items, shortened)
}

/// The items of a list: commas inside braces belong to an item that is an object or JSON itself.
fn top_level(body: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0usize;
    body.split(move |c| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
}

/// Text without the mark of a cut (`...` of Windows PowerShell, `…` of PowerShell 7), if it ends in one.
pub(super) fn strip_ellipsis(text: &str) -> Option<&str> {
    let text = text.trim_end();
    text.strip_suffix("...").or_else(|| text.strip_suffix('…'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(value: &Value) -> Vec<&str> {
        let Value::List(items, _) = value else { panic!("{value:?}") };
        items.iter().filter_map(Node::text).collect()
    }

    #[test]
    fn reads_printed_lists() {
        let place = Place {
            line: 1,
            column: 10,
            offset: Some(9),
            ..Place::default()
        };
        let list = value(" {SMTP:a@example.com, smtp:b@example.com...}", &place, true);
        assert_eq!(texts(&list), ["SMTP:a@example.com", "smtp:b@example.com"]);
        assert!(matches!(&list, Value::List(items, true) if items[1].place.column == 31));
        assert_eq!(value("{}", &place, true), Value::List(vec![], false));
        assert_eq!(value("", &place, true), Value::Null);
        assert!(matches!(value("{a, b", &place, true), Value::List(items, true) if matches!(items[1].value, Value::Cut(_))));
        assert!(matches!(value("{a, b…}", &place, true), Value::List(_, true)));
        assert!(matches!(value("System.Object[]", &place, true), Value::Cut(_)));
        let objects = value(r#"{{"a":{"b":1,"c":2}}, plain}"#, &place, true);
        assert_eq!(texts(&objects), [r#"{"a":{"b":1,"c":2}}"#, "plain"]);
    }
}
