//! Strict reader of the XML of pictures: elements, quoted attributes, the five entities, and nothing else.

use std::collections::BTreeMap;

/// Element of XML.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) children: Vec<Element>,
    /// Text between the tags, with entities resolved.
    pub(crate) text: String,
}

impl Element {
    /// This element and all elements within it.
    pub(crate) fn all(&self) -> Vec<&Self> {
        std::iter::once(self)
            .chain(self.children.iter().flat_map(Self::all))
            .collect()
    }

    /// All elements with a name.
    pub(crate) fn named(&self, name: &str) -> Vec<&Self> {
        self.all()
            .into_iter()
            .filter(|element| element.name == name)
            .collect()
    }

    /// All groups with a class.
    pub(crate) fn groups(&self, class: &str) -> Vec<&Self> {
        let mut groups = self.named("g");
        groups.retain(|group| group.attributes.get("class").is_some_and(|of| of == class));
        groups
    }

    /// Title of the group, which viewers show under the pointer.
    pub(crate) fn title(&self) -> &str {
        let title = self.children.iter().find(|child| child.name == "title");
        title.map_or("", |title| &title.text)
    }

    /// All lines of text within the element.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.named("text")
            .iter()
            .map(|element| element.text.as_str())
            .collect()
    }

    pub(crate) fn number(&self, attribute: &str) -> f64 {
        self.attributes[attribute].parse().expect("a number")
    }
}

/// Reads a document that consists of one element.
pub(crate) fn parse(text: &str) -> Result<Element, String> {
    let mut open = vec![Element::default()];
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let top = open.last_mut().ok_or("more is closed than was opened")?;
        top.text.push_str(&resolved(&rest[..start])?);
        let (tag, after) = rest[start + 1..]
            .split_once('>')
            .ok_or_else(|| format!("no end of a tag: {:.40}", &rest[start..]))?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            close(&mut open, name)?;
        } else {
            let alone = tag.strip_suffix('/');
            let element = element(alone.unwrap_or(tag))?;
            let name = element.name.clone();
            open.push(element);
            if alone.is_some() {
                close(&mut open, &name)?;
            }
        }
    }
    if !rest.trim().is_empty() || open.len() != 1 {
        return Err(format!("{} elements stay open before {rest:.40}", open.len() - 1));
    }
    let mut children = open.pop().map(|document| document.children).unwrap_or_default();
    match (children.pop(), children.len()) {
        (Some(root), 0) => Ok(root),
        _ => Err("a document has one root".into()),
    }
}

fn close(open: &mut Vec<Element>, name: &str) -> Result<(), String> {
    let element = open.pop().ok_or("nothing is open")?;
    if element.name != name {
        return Err(format!("<{}> is closed by </{name}>", element.name));
    }
    open.last_mut().ok_or("nothing is open")?.children.push(element);
    Ok(())
}

/// Name and attributes of a tag.
fn element(tag: &str) -> Result<Element, String> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == ':')
    };
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut attributes = BTreeMap::new();
    while !rest.trim().is_empty() {
        let (key, after) = rest
            .split_once("=\"")
            .ok_or_else(|| format!("no value in {rest}"))?;
        let (value, after) = after
            .split_once('"')
            .ok_or_else(|| format!("no quote in {rest}"))?;
        if !is_name(key.trim()) || value.contains('<') {
            return Err(format!("attribute {key} of <{name}>"));
        }
        if attributes
            .insert(key.trim().to_owned(), resolved(value)?)
            .is_some()
        {
            return Err(format!("attribute {key} of <{name}> twice"));
        }
        rest = after;
    }
    if !is_name(name) {
        return Err(format!("tag <{tag}>"));
    }
    Ok(Element {
        name: name.to_owned(),
        attributes,
        ..Element::default()
    })
}

/// Text with entities resolved.
fn resolved(text: &str) -> Result<String, String> {
    let mut resolved = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        let (entity, after) = after.split_once(';').ok_or_else(|| format!("& in {text}"))?;
        resolved.push_str(before);
        resolved.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            other => return Err(format!("entity {other}")),
        });
        rest = after;
    }
    resolved.push_str(rest);
    let is_text = |c: char| !c.is_control() || c == '\n';
    if resolved.chars().all(is_text) {
        Ok(resolved)
    } else {
        Err(format!("characters that XML has not in {text:?}"))
    }
}

#[test]
fn what_is_no_xml_is_refused() {
    let good = "<svg a=\"1\"><g><text x=\"&lt;\">a &amp; b</text><rect/></g></svg>\n";
    let root = parse(good).expect("well-formed");
    assert_eq!((root.texts(), root.all().len()), (vec!["a & b"], 4));
    for bad in [
        "<svg><g></svg></g>",
        "<svg>",
        "<svg/></svg>",
        "<svg>a & b</svg>",
        "<svg>a < b</svg>",
        "<svg a=1/>",
        "<svg a=\"<\"/>",
        "<svg a=\"1\" a=\"2\"/>",
        "<svg>&nbsp;</svg>",
        "<svg/><svg/>",
        "<svg>\u{1}</svg>",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}
