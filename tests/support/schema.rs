//! A validator of the part of JSON Schema that the report's schema (2020-12) and SARIF's (draft 7) use. An unknown keyword is an error, so that nothing
//! is believed to be checked that isn't.

use serde_json::Value;

/// Every way in which `value` breaks `schema`, with its place.
pub fn violations(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, value, "", &mut found);
    found
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        other => panic!("type {other}"),
    }
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let object = schema.as_object().unwrap_or_else(|| panic!("{at}: no schema object"));
    for (keyword, rule) in object {
        match keyword.as_str() {
            // `format` and `default` are annotations.
            "$schema" | "$id" | "$defs" | "definitions" | "title" | "description" | "format" | "default" => {}
            "$ref" => {
                let pointer = rule.as_str().and_then(|r| r.strip_prefix('#')).expect("a local reference");
                let target = root.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is missing"));
                check(root, target, value, at, found);
            }
            "type" => {
                let names: Vec<&str> = rule
                    .as_array()
                    .map_or_else(|| vec![rule], |all| all.iter().collect())
                    .iter()
                    .filter_map(|n| n.as_str())
                    .collect();
                if !names.iter().any(|name| is_type(name, value)) {
                    found.push(format!("{at}: {value} is no {}", names.join(" or ")));
                }
            }
            "const" if rule != value => found.push(format!("{at}: {value} is not {rule}")),
            "enum" if !rule.as_array().expect("an array").contains(value) => found.push(format!("{at}: {value} is none of {rule}")),
            "const" | "enum" => {}
            "minimum" => {
                if value.as_i64().is_some_and(|v| v < rule.as_i64().expect("a number")) {
                    found.push(format!("{at}: {value} is less than {rule}"));
                }
            }
            "maximum" => {
                if value.as_i64().is_some_and(|v| v > rule.as_i64().expect("a number")) {
                    found.push(format!("{at}: {value} is more than {rule}"));
                }
            }
            "minItems" => {
                if value
                    .as_array()
                    .is_some_and(|items| (items.len() as u64) < rule.as_u64().expect("a number"))
                {
                    found.push(format!("{at}: fewer than {rule} items"));
                }
            }
            "uniqueItems" => {
                let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
                if rule == true && items.iter().enumerate().any(|(n, item)| items[..n].contains(item)) {
                    found.push(format!("{at}: an item stands twice"));
                }
            }
            "pattern" => {
                let pattern = regex::Regex::new(rule.as_str().expect("a pattern")).expect("a regex");
                if value.as_str().is_some_and(|text| !pattern.is_match(text)) {
                    found.push(format!("{at}: {value} doesn't match {rule}"));
                }
            }
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, item, &format!("{at}/{n}"), found);
                }
            }
            "required" => {
                for name in rule.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if value.is_object() && value.get(name).is_none() {
                        found.push(format!("{at}: {name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, rule) in rule.as_object().into_iter().flatten() {
                    if let Some(member) = value.get(name) {
                        check(root, rule, member, &format!("{at}/{name}"), found);
                    }
                }
            }
            "additionalProperties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    let listed = object.get("properties").is_some_and(|p| p.get(name).is_some());
                    if listed {
                        continue;
                    }
                    match rule {
                        Value::Bool(true) => {}
                        Value::Bool(false) => found.push(format!("{at}: {name} is unexpected")),
                        rule => check(root, rule, member, &format!("{at}/{name}"), found),
                    }
                }
            }
            "oneOf" | "anyOf" => {
                let fitting = rule.as_array().expect("an array").iter().filter(|one| {
                    let mut wrong = Vec::new();
                    check(root, one, value, at, &mut wrong);
                    wrong.is_empty()
                });
                let fitting = fitting.count();
                if fitting == 0 || keyword == "oneOf" && fitting > 1 {
                    found.push(format!("{at}: {fitting} of the forms in {keyword} fit"));
                }
            }
            other => panic!("{at}: the validator doesn't know {other}"),
        }
    }
}
