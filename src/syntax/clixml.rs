//! PowerShell's CLIXML: the grammar of its serializer, read from XML elements.

use super::entities::unescape;
use super::view::Losses;
use super::xml::Element;
use super::{Key, Node, Value};
use crate::text;
use std::collections::BTreeMap;

/// An object with more values than this is not repeated where the file refers to it again: only its text is.
const REPEATED: usize = 64;
/// Containers.
const CONTAINERS: &[&str] = &["LST", "IE", "STK", "QUE"];

/// Reads the items of one `Objs` after the other.
#[derive(Default)]
pub(super) struct Reader {
    /// Objects by reference id; the latest definition wins.
    objects: BTreeMap<Box<str>, Node>,
    /// Type names by reference id.
    types: BTreeMap<Box<str>, Box<str>>,
    credential: bool,
}

impl Reader {
    /// An item of `Objs`: its most derived type name, and the object as a bag of its properties. Progress records are nothing.
    pub(super) fn item(&mut self, element: Element, losses: &mut Losses) -> Option<(Option<String>, Node)> {
        if element.attribute("S").is_some_and(|stream| stream.eq_ignore_ascii_case("progress")) {
            return None;
        }
        let name = self.type_name(&element);
        let node = self.value(element, true);
        if std::mem::take(&mut self.credential) {
            losses.add(
                node.place.line,
                text!("the file holds a stored credential (SecureString): remove it from the bundle; its value was not read"),
            );
        }
        Some((name, node))
    }

    fn type_name(&mut self, element: &Element) -> Option<String> {
        let name = match (element.child("TN"), element.child("TNRef")) {
            (Some(names), _) => {
                let first: Box<str> = unescape(&names.child("T")?.text).into();
                if let Some(id) = names.attribute("RefId") {
                    self.types.insert(id.into(), first.clone());
                }
                first
            }
            (None, Some(reference)) => self.types.get(reference.attribute("RefId")?)?.clone(),
            (None, None) => return None,
        };
        Some(name.into())
    }

    /// Any value. Recursion ends at the XML reader's limit of nesting.
    fn value(&mut self, element: Element, top: bool) -> Node {
        let place = element.text_place.clone();
        let text = || -> Box<str> { unescape(&element.text).into() };
        let value = match &*element.name {
            "Nil" => Value::Null,
            "SS" => {
                self.credential = true;
                Value::Null
            }
            "Ref" => return self.reference(&element),
            "Obj" => return self.object(element, top),
            "DCT" => return Node::new(self.dictionary(element), place),
            name if CONTAINERS.contains(&name) => return Node::new(self.list(element), place),
            "MS" | "Props" => return Node::new(Value::Bag(self.properties(element)), place),
            _ if element.cut => Value::Cut(text()),
            "B" => match element.text.trim() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => Value::Text(text()),
            },
            "By" | "SB" | "I16" | "U16" | "I32" | "U32" | "I64" | "U64" | "D" | "Db" | "Sg" => Value::Number(element.text.trim().into()),
            "C" => {
                let code = element.text.trim().parse().ok().and_then(char::from_u32);
                Value::Text(code.map_or_else(text, |c| c.to_string().into()))
            }
            _ if super::node::is_cut_by_depth(&element.text) => Value::Cut(text()),
            _ => Value::Text(text()),
        };
        Node::new(value, place)
    }

    fn reference(&mut self, element: &Element) -> Node {
        let found = element.attribute("RefId").and_then(|id| self.objects.get(id));
        let value = found.map_or(Value::Cut("".into()), |node| node.value.clone());
        Node::new(value, element.place.clone())
    }

    fn object(&mut self, element: Element, top: bool) -> Node {
        let id: Option<Box<str>> = element.attribute("RefId").map(Into::into);
        let type_name = self.type_name(&element);
        let is_credential = type_name.as_deref().is_some_and(|name| name.ends_with("PSCredential"));
        let place = element.place.clone();
        let cut = element.cut;
        let mut shown: Option<Node> = None;
        let mut base: Option<Node> = None;
        let mut properties: Vec<(Key, Node)> = Vec::new();
        for child in element.children {
            match &*child.name {
                "TN" | "TNRef" => {}
                "ToString" => shown = Some(Node::new(Value::Text(unescape(&child.text).into()), child.text_place)),
                "Props" | "MS" => properties.extend(self.properties(child)),
                _ => base = Some(self.value(child, false)),
            }
        }
        self.credential |= is_credential;
        let display = shown.filter(|node| !node.text().is_some_and(|text| says_nothing(text, type_name.as_deref())));
        let mut node = match (base, display) {
            // A list is its elements, whatever else it carries.
            (Some(base), _) if matches!(base.value, Value::List(..) | Value::Bag(_)) && (properties.is_empty() || !top) => base,
            (_, Some(display)) if !top && !is_credential => display,
            (Some(base), None) if properties.is_empty() => base,
            (None, Some(display)) if properties.is_empty() => display,
            (base, display) => {
                let text = display.or(base.filter(|node| node.text().is_some()));
                if let Some(text) = text {
                    let key = Key {
                        name: "#text".into(),
                        place: text.place.clone(),
                    };
                    properties.push((key, text));
                }
                match properties.is_empty() && cut {
                    true => Node::new(Value::Cut("".into()), place.clone()),
                    false => Node::new(Value::Bag(properties), place.clone()),
                }
            }
        };
        if matches!(node.value, Value::Bag(_)) {
            node.place = place;
        }
        if let Some(id) = id {
            let kept = match weight(&node, REPEATED) <= REPEATED {
                true => node.clone(),
                false => Node::new(Value::Cut("".into()), node.place.clone()),
            };
            self.objects.insert(id, kept);
        }
        node
    }

    fn properties(&mut self, element: Element) -> Vec<(Key, Node)> {
        let mut properties = Vec::with_capacity(element.children.len());
        for child in element.children {
            let Some(name) = child.attribute("N").map(unescape) else { continue };
            let key = Key {
                name: name.into(),
                place: child.place.clone(),
            };
            let node = self.value(child, false);
            properties.push((key, node));
        }
        properties
    }

    fn list(&mut self, element: Element) -> Value {
        let cut = element.cut;
        Value::List(element.children.into_iter().map(|child| self.value(child, false)).collect(), cut)
    }

    fn dictionary(&mut self, element: Element) -> Value {
        let mut entries = Vec::new();
        for entry in element.children.into_iter().filter(|e| &*e.name == "En") {
            let (mut key, mut value) = (None, None);
            for child in entry.children {
                match child.attribute("N") {
                    Some("Key") => key = Some(self.value(child, false)),
                    _ => value = Some(self.value(child, false)),
                }
            }
            let (Some(key), Some(value)) = (key, value) else { continue };
            let key = Key {
                name: key.text().unwrap_or("").into(),
                place: key.place,
            };
            entries.push((key, value));
        }
        Value::Bag(entries)
    }
}

/// True if an object's text is only the name of its type.
fn says_nothing(text: &str, type_name: Option<&str>) -> bool {
    let text = text.trim();
    let dotted = || !text.contains(char::is_whitespace) && ["System.", "Microsoft.", "Deserialized."].iter().any(|prefix| text.starts_with(prefix));
    text.is_empty() || Some(text) == type_name || dotted() || super::node::is_cut_by_depth(text)
}

/// Number of values in a node, counted up to a little above `limit`.
fn weight(node: &Node, limit: usize) -> usize {
    let children: Box<dyn Iterator<Item = &Node>> = match &node.value {
        Value::List(items, _) => Box::new(items.iter()),
        Value::Bag(entries) => Box::new(entries.iter().map(|(_, node)| node)),
        _ => return 1,
    };
    let mut sum = 1;
    for child in children {
        sum += weight(child, limit);
        if sum > limit {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::view::View;
    use super::super::xml::{self, Level};
    use super::*;
    use crate::bundle::{Encoding, Text};

    fn items(content: &str) -> (Vec<(Option<String>, Node)>, Vec<String>) {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        let view = View::whole(&text);
        let mut losses = Losses::default();
        let mut xml_losses = Losses::default();
        let mut reader = Reader::default();
        let mut all = Vec::new();
        xml::read(
            view.text(),
            0..content.len(),
            &mut view.locator(),
            &mut xml_losses,
            &mut |element, level| {
                if level == Level::Item {
                    all.extend(reader.item(element, &mut losses));
                }
            },
        );
        losses.append(xml_losses);
        (all, losses.into_vec().into_iter().map(|l| l.reason.english()).collect())
    }

    const SAMPLE: &str = r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
  <Obj RefId="0">
    <TN RefId="0"><T>Deserialized.Microsoft.Exchange.CASMailbox</T><T>System.Object</T></TN>
    <ToString>Sales</ToString>
    <Props>
      <S N="PrimarySmtpAddress">sales@example.com</S>
      <B N="PopEnabled">true</B>
      <Nil N="SmtpClientAuthenticationDisabled" />
      <S N="Empty"></S>
      <Obj N="Identity" RefId="1"><TN RefId="1"><T>ADObjectId</T></TN><ToString>example/Sales</ToString><Props><S N="Name">Sales</S></Props></Obj>
      <Obj N="Kind" RefId="2"><ToString>UserMailbox</ToString><I32>1</I32></Obj>
      <Obj N="EmailAddresses" RefId="3"><LST><S>SMTP:a_x0040_b</S><S>_x005F_x0041__xD83D__xDE00_</S></LST></Obj>
    </Props>
    <MS><S N="Note">x</S><Obj N="Map" RefId="4"><DCT><En><S N="Key">k</S><I32 N="Value">5</I32></En></DCT></Obj></MS>
  </Obj>
  <Obj RefId="5"><TNRef RefId="0" /><Props><Ref N="Identity" RefId="1" /><SS N="Password">0100deadbeef</SS></Props></Obj>
</Objs>"#;

    #[test]
    fn reads_objects() {
        let (all, losses) = items(SAMPLE);
        let (name, first) = &all[0];
        assert_eq!(name.as_deref(), Some("Deserialized.Microsoft.Exchange.CASMailbox"));
        assert_eq!(first.get("PopEnabled").unwrap().value, Value::Bool(true));
        assert_eq!(
            first.get("PopEnabled").unwrap().place.pointer.as_deref(),
            Some("/Objs/Obj/Props/B[@N='PopEnabled']")
        );
        assert_eq!(first.get("SmtpClientAuthenticationDisabled").unwrap().value, Value::Null);
        assert_eq!(first.get("Empty").unwrap().value, Value::Text("".into()));
        assert_eq!(first.get("Identity").unwrap().text(), Some("example/Sales"));
        assert_eq!(first.get("Kind").unwrap().text(), Some("UserMailbox"));
        let addresses: Vec<_> = first.get("EmailAddresses").unwrap().items().iter().filter_map(Node::text).collect();
        assert_eq!(addresses, ["SMTP:a@b", "_x0041_😀"]);
        assert_eq!(first.at(&["Map", "k"]).unwrap().text(), Some("5"));
        assert_eq!(first.get("Note").unwrap().text(), Some("x"));
        let (name, second) = &all[1];
        assert_eq!(name.as_deref(), Some("Deserialized.Microsoft.Exchange.CASMailbox"));
        assert_eq!(second.get("Identity").unwrap().text(), Some("example/Sales"));
        assert_eq!(second.get("Password").unwrap().value, Value::Null);
        assert!(losses[0].contains("credential"));
        assert!(!format!("{all:?}{losses:?}").contains("deadbeef"));
    }

    #[test]
    fn a_cut_tail_keeps_complete_objects() {
        let cut = SAMPLE.find("<Nil").unwrap() + 10;
        let (all, losses) = items(&SAMPLE[..cut]);
        assert_eq!(all[0].1.get("PopEnabled").unwrap().value, Value::Bool(true));
        assert!(!losses.is_empty());
        for end in (0..SAMPLE.len()).step_by(3) {
            items(&SAMPLE[..end]);
        }
    }

    #[test]
    fn references_are_no_bomb() {
        let mut content = String::from("<Objs><Obj RefId=\"0\"><LST><S>x</S></LST></Obj>");
        for i in 1..200 {
            let refs = format!("<Ref RefId=\"{}\"/>", i - 1).repeat(10);
            content.push_str(&format!("<Obj RefId=\"{i}\"><LST>{refs}</LST></Obj>"));
        }
        content.push_str("</Objs>");
        let (all, _) = items(&content);
        assert!(all.iter().map(|(_, node)| weight(node, usize::MAX)).sum::<usize>() < 200 * 10 * REPEATED);
    }
}
