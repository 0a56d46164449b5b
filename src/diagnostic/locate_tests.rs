use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::scan::words_around;
use super::*;

/// What a path leads to, as it stands in the text.
fn value<'a>(text: &'a str, path: &DataPath) -> &'a str {
    &text[Tree::read(text).locate(text, path, false)]
}

fn key<'a>(text: &'a str, path: &DataPath) -> &'a str {
    &text[Tree::read(text).locate(text, path, true)]
}

const TEXT: &str = r##"#![enable(implicit_some)]
// World(nodes: {"a": 1})
World( /* a /* nested */ "comment" */
    format: 1,
    title: "not \"a\" place, nodes: {",
    about: r#"raw " ) "#,
    mark: ':', quote: '\'',
    nodes: {
        "web \u{1f600}": Node(kind: Service, steps: [Work(Exp("3ms")), Call((to: "db", op: Read("x"))), All([(to: "q")])]),
        "b": (cache: Some((ttl: Some("5s"))), range: Uniform("1ms", "2ms")),
    },
)"##;

#[test]
fn every_way_to_write_a_place_is_found() {
    let root = DataPath::root();
    let nodes = root.field("nodes");
    let steps = nodes.key("web 😀").field("steps");
    assert_eq!(value(TEXT, &root.field("format")), "1");
    assert_eq!(value(TEXT, &root.field("about")), "r#\"raw \" ) \"#");
    assert_eq!(value(TEXT, &root.field("quote")), r"'\''");
    assert_eq!(value(TEXT, &nodes), "nodes", "a value of several lines is shown by its key");
    assert_eq!(key(TEXT, &nodes.key("web 😀")), r#""web \u{1f600}""#);
    assert_eq!(value(TEXT, &nodes.key("web 😀").field("kind")), "Service");
    assert_eq!(value(TEXT, &steps.at(0)), r#"Work(Exp("3ms"))"#);
    assert_eq!(value(TEXT, &steps.at(0).at(0)), r#"Exp("3ms")"#);
    assert_eq!(value(TEXT, &steps.at(1).field("to")), r#""db""#);
    assert_eq!(value(TEXT, &steps.at(1).field("op").at(0)), r#""x""#);
    assert_eq!(value(TEXT, &steps.at(2).at(0).field("to")), r#""q""#);
    assert_eq!(value(TEXT, &nodes.key("b").field("cache").field("ttl")), r#"Some("5s")"#);
    assert_eq!(value(TEXT, &nodes.key("b").field("range").at(1)), r#""2ms""#);
}

#[test]
fn what_the_text_leaves_out_is_shown_by_what_is_around_it() {
    let nodes = DataPath::root().field("nodes");
    assert_eq!(value(TEXT, &nodes.key("b").field("replicas")), r#""b""#);
    assert_eq!(value(TEXT, &DataPath::root().field("epoch")), "World");
}

#[test]
fn repeated_keys_are_found() {
    let text = r#"(a: {"x": 1, "y": {"k": 1, "k": 2}, "x": 2})"#;
    let twice = Tree::read(text).repeated_keys();
    let found: Vec<(&str, usize)> = twice.iter().map(|(key, _, second)| (key.as_str(), second.start)).collect();
    assert_eq!(found, [("k", 27), ("x", 36)]);
}

#[test]
fn bottomless_nesting_is_survived() {
    for open in ["(", "[", "{", "a(", "{x:", "((a:"] {
        let text = open.repeat(200_000);
        Tree::read(&text).locate(&text, &DataPath::root().field("x").at(3), false);
    }
}

/// Data of any shape, with the spellings that RON allows.
#[derive(Clone, Debug)]
enum Data {
    Number(i32),
    Text(String),
    List(Vec<Data>),
    Map(BTreeMap<String, Data>),
    Struct(Vec<Data>),
    Some(Box<Data>),
}

const FIELDS: [&str; 3] = ["first", "r#type", "third"];
const NAMES: [&str; 3] = ["first", "type", "third"];

fn data() -> impl Strategy<Value = Data> {
    let leaf = prop_oneof![any::<i32>().prop_map(Data::Number), ".{0,6}".prop_map(Data::Text)];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Data::List),
            prop::collection::btree_map(".{0,5}", inner.clone(), 0..4).prop_map(Data::Map),
            prop::collection::vec(inner.clone(), 2..=3).prop_map(Data::Struct),
            inner.prop_map(|data| Data::Some(Box::new(data))),
        ]
    })
}

/// Writes data down, and notes where each place is.
fn write(data: &Data, path: &DataPath, text: &mut String, places: &mut Vec<(DataPath, Range<usize>)>) {
    let start = text.len();
    match data {
        Data::Number(number) => text.push_str(&number.to_string()),
        Data::Text(value) if value.len() % 2 == 0 => text.push_str(&format!("{value:?}")),
        Data::Text(value) => text.push_str(&format!("r###\"{value}\"###")),
        Data::List(items) => {
            text.push_str("[ ");
            for (at, item) in items.iter().enumerate() {
                write(item, &path.at(at), text, places);
                text.push_str(" , /* ) */");
            }
            text.push(']');
        }
        Data::Map(map) => {
            text.push('{');
            for (key, value) in map {
                text.push_str(&format!("{key:?} : "));
                write(value, &path.key(key), text, places);
                text.push(',');
            }
            text.push('}');
        }
        Data::Struct(fields) => {
            text.push_str("Name (");
            for (at, value) in fields.iter().enumerate() {
                text.push_str(&format!("{}: ", FIELDS[at]));
                write(value, &path.field(NAMES[at]), text, places);
                text.push(',');
            }
            text.push(')');
        }
        Data::Some(inner) => {
            // The place is the outermost of its wrappers; its parts are found through all of them.
            text.push_str("Some(");
            write(inner, path, text, places);
            places.pop();
            text.push(')');
        }
    }
    places.push((path.clone(), start..text.len()));
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "[\\PC\n\"'#r(){}\\[\\],:/*\\\\]{0,80}", at in 0usize..99) {
        let tree = Tree::read(&text);
        let path = DataPath::root().field("a").key("b").at(1);
        prop_assert!(text.get(tree.locate(&text, &path, false)).is_some());
        prop_assert!(text.get(tree.innermost(at).0.span.clone()).is_some());
        let (before, behind) = words_around(&text, at);
        prop_assert!(before.is_none_or(|span| text.get(span).is_some()));
        prop_assert!(behind.is_none_or(|span| text.get(span).is_some()));
        tree.repeated_keys();
    }

    #[test]
    fn every_path_of_data_is_found(data in data()) {
        let (mut text, mut places) = (String::from("// top\n"), Vec::new());
        let root = DataPath::root().field("root");
        text.push_str("Root(other: 1, root: ");
        write(&data, &root, &mut text, &mut places);
        text.push(')');
        for (path, span) in places {
            let shown = Tree::read(&text).locate(&text, &path, false);
            prop_assert_eq!(&text[shown], &text[span], "{} in {}", path, text);
        }
    }
}
