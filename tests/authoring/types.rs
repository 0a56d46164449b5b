//! The types that world and lesson files are read into, from their source: names, fields, defaults and doc comments.
//! Knows Rust's syntax and serde's attributes; nothing of what the types mean.

use std::collections::BTreeMap;
use std::path::Path;

use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, Fields, Item, Lit, Meta, Stmt};

/// A type that serde reads.
pub struct Type {
    /// As files call it.
    pub name: String,
    pub doc: String,
    pub shape: Shape,
}

pub enum Shape {
    Struct(Vec<Field>),
    Enum(Vec<Variant>),
}

pub struct Field {
    pub name: String,
    pub doc: String,
    pub holds: syn::Type,
    /// What counts if it is left out; None if it must be there.
    pub default: Option<Default>,
}

pub enum Default {
    /// That of its type.
    OfType,
    /// This value.
    Value(Box<Expr>),
}

pub struct Variant {
    pub name: String,
    pub doc: String,
    pub holds: Holds,
    pub is_default: bool,
}

pub enum Holds {
    Nothing,
    Values(Vec<syn::Type>),
    Fields(Vec<Field>),
}

/// All types by their name in the source. Of two with one name the world's is kept, then the lesson's.
pub fn read(folder: &Path) -> BTreeMap<String, Type> {
    let mut types = BTreeMap::new();
    for room in ["query/language.rs", "lab", "lesson", "world"] {
        let mut files = Vec::new();
        sources(&folder.join(room), &mut files);
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let source = Source::new(&parsed.items);
            types.extend(parsed.items.iter().filter_map(|item| source.read(item)));
            types.extend(parsed.items.iter().filter_map(fixes).map(|fixes| ("Fix".to_owned(), fixes)));
        }
    }
    types
}

fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    if folder.is_file() {
        return found.push(folder.to_owned());
    }
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

/// What defaults of one file refer to.
struct Source {
    /// What functions without arguments answer.
    functions: BTreeMap<String, Expr>,
    /// Fields as `impl Default` gives them, by type.
    defaults: BTreeMap<String, BTreeMap<String, Expr>>,
}

impl Source {
    fn new(items: &[Item]) -> Source {
        let (mut functions, mut defaults) = (BTreeMap::new(), BTreeMap::new());
        for item in items {
            match item {
                Item::Fn(function) if function.sig.inputs.is_empty() => {
                    if let [Stmt::Expr(answer, None)] = &function.block.stmts[..] {
                        functions.insert(function.sig.ident.to_string(), answer.clone());
                    }
                }
                Item::Impl(of) if of.trait_.as_ref().is_some_and(|(path, ..)| last(path) == "Default") => {
                    let syn::Type::Path(of_type) = &*of.self_ty else { continue };
                    let syn::ImplItem::Fn(function) = &of.items[0] else { continue };
                    if let [Stmt::Expr(Expr::Struct(value), None)] = &function.block.stmts[..] {
                        let fields = value.fields.iter();
                        let fields =
                            fields.map(|field| (field.member.to_token_stream().to_string(), field.expr.clone()));
                        defaults.insert(last(&of_type.path), fields.collect());
                    }
                }
                _ => {}
            }
        }
        Source { functions, defaults }
    }

    fn read(&self, item: &Item) -> Option<(String, Type)> {
        let (ident, attributes, shape) = match item {
            Item::Struct(of) => {
                let all = serde(&of.attrs).contains_key("default");
                let of_type = all.then(|| self.defaults.get(&of.ident.to_string()));
                (&of.ident, &of.attrs, Shape::Struct(self.fields(&of.fields, of_type)))
            }
            Item::Enum(of) => {
                let all = serde(&of.attrs).remove("rename_all").flatten();
                let variants = of.variants.iter().map(|variant| Variant {
                    name: name(&variant.attrs, &cased(&variant.ident.to_string(), all.as_deref())),
                    doc: doc(&variant.attrs),
                    holds: match &variant.fields {
                        Fields::Unit => Holds::Nothing,
                        Fields::Unnamed(values) => {
                            Holds::Values(values.unnamed.iter().map(|value| value.ty.clone()).collect())
                        }
                        named @ Fields::Named(_) => Holds::Fields(self.fields(named, None)),
                    },
                    is_default: variant.attrs.iter().any(|attribute| attribute.path().is_ident("default")),
                });
                (&of.ident, &of.attrs, Shape::Enum(variants.collect()))
            }
            _ => return None,
        };
        let derives = |attribute: &&Attribute| attribute.path().is_ident("derive");
        let reads = attributes
            .iter()
            .filter(derives)
            .any(|derive| derive.to_token_stream().to_string().contains("Deserialize"));
        let ident = ident.to_string();
        reads.then(|| (ident.clone(), Type { name: name(attributes, &ident), doc: doc(attributes), shape }))
    }

    /// `of_type`: whether fields may be left out all together, and what `impl Default` says of them.
    fn fields(&self, fields: &Fields, of_type: Option<Option<&BTreeMap<String, Expr>>>) -> Vec<Field> {
        let field = |field: &syn::Field| {
            let ident = field.ident.as_ref()?.to_string();
            let serde = serde(&field.attrs);
            let default = match (serde.get("default"), of_type) {
                (Some(Some(function)), _) => {
                    let answer = self.functions.get(function).unwrap_or_else(|| panic!("no function {function}"));
                    Some(Default::Value(Box::new(answer.clone())))
                }
                (Some(None), _) | (None, Some(None)) => Some(Default::OfType),
                (None, Some(Some(values))) => {
                    Some(values.get(&ident).map_or(Default::OfType, |value| Default::Value(Box::new(value.clone()))))
                }
                (None, None) => None,
            };
            Some(Field { name: name(&field.attrs, &ident), doc: doc(&field.attrs), holds: field.ty.clone(), default })
        };
        fields.iter().filter_map(field).collect()
    }
}

/// The kinds of fix, which a macro makes the type of: a variant for each of its rows.
fn fixes(item: &Item) -> Option<Type> {
    let Item::Macro(call) = item else { return None };
    if !call.mac.path.is_ident("kinds") {
        return None;
    }
    let Kinds(variants) =
        syn::parse2(call.mac.tokens.clone()).unwrap_or_else(|error| panic!("kinds! of fixes: {error}"));
    let doc = "A change to the system that a learner can make. Each takes effect in the simulation and nowhere else.";
    Some(Type { name: "Fix".into(), doc: doc.into(), shape: Shape::Enum(variants) })
}

struct Kinds(Vec<Variant>);

impl Parse for Kinds {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut variants = Vec::new();
        while !input.is_empty() {
            let attributes = input.call(Attribute::parse_outer)?;
            let kind: syn::Ident = input.parse()?;
            let inside;
            syn::braced!(inside in input);
            let mut fields = Vec::new();
            while !inside.is_empty() {
                let attributes = inside.call(Attribute::parse_outer)?;
                let field: syn::Ident = inside.parse()?;
                // The first one has no type: it names a node, an arrow or a change.
                let typed = inside.parse::<Option<syn::Token![:]>>()?.is_some();
                let holds = if typed { inside.parse()? } else { syn::parse_str("String")? };
                fields.push(Field { name: field.to_string(), doc: doc(&attributes), holds, default: None });
                inside.parse::<Option<syn::Token![,]>>()?;
            }
            // What it is and does follows, up to a semicolon.
            while input.parse::<Option<syn::Token![;]>>()?.is_none() {
                input.parse::<proc_macro2::TokenTree>()?;
            }
            let holds = Holds::Fields(fields);
            variants.push(Variant { name: kind.to_string(), doc: doc(&attributes), holds, is_default: false });
        }
        Ok(Kinds(variants))
    }
}

/// What `#[serde(…)]` says: words, with a value or without.
fn serde(attributes: &[Attribute]) -> BTreeMap<String, Option<String>> {
    let mut words = BTreeMap::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        attribute
            .parse_nested_meta(|meta| {
                let value = match meta.value() {
                    Ok(value) => Some(value.parse::<syn::LitStr>()?.value()),
                    Err(_) => None,
                };
                words.insert(meta.path.get_ident().unwrap().to_string(), value);
                Ok(())
            })
            .unwrap();
    }
    for word in words.keys() {
        let known = ["default", "rename", "deny_unknown_fields", "rename_all", "skip_serializing_if", "alias"];
        assert!(known.contains(&word.as_str()), "teach tests/authoring what #[serde({word})] does");
    }
    words
}

/// A variant's name as `rename_all` has it.
fn cased(ident: &str, all: Option<&str>) -> String {
    match all {
        None => ident.to_owned(),
        Some("lowercase") => ident.to_lowercase(),
        Some(other) => panic!("teach tests/authoring what #[serde(rename_all = {other:?})] does"),
    }
}

fn name(attributes: &[Attribute], ident: &str) -> String {
    serde(attributes).remove("rename").flatten().unwrap_or_else(|| ident.to_owned())
}

/// Doc comments as one line of Markdown.
fn doc(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(literal) = &pair.value
            && let Lit::Str(line) = &literal.lit
        {
            lines.push(line.value().trim().to_owned());
        }
    }
    plain_links(&lines.join(" "))
}

/// Links to items of the source become their names.
fn plain_links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        let (path, behind) = link.split_once("`]").unwrap_or((link, ""));
        out += before;
        out += &format!("`{}`", path.rsplit("::").next().unwrap_or(path));
        rest = behind;
    }
    out + rest
}

/// The last word of a path.
pub fn last(path: &syn::Path) -> String {
    path.segments.last().map_or(String::new(), |segment| segment.ident.to_string())
}
