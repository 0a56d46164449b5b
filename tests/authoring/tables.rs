//! Types as Markdown: a heading and a table each, in the order in which a reader meets them.

use std::collections::BTreeMap;
use std::fmt::Write;

use quote::ToTokens;
use syn::{Expr, GenericArgument, Lit, PathArguments};

use super::types::{Default, Field, Holds, Shape, Type, Variant, last};

type Types = BTreeMap<String, Type>;

const ROOTS: [(&str, &str); 3] = [
    ("WorldSpec", "Fields of a world file"),
    ("LessonSpec", "Fields of a lesson file"),
    ("Translation", "Fields of a translation"),
];

/// Everything that is reached from the roots.
pub fn tables(types: &Types) -> String {
    let (mut out, mut told) = (String::new(), Vec::new());
    for (root, title) in ROOTS {
        if !types.contains_key(root) {
            continue;
        }
        writeln!(out, "\n## {title}").unwrap();
        let mut next = vec![root.to_owned()];
        while let Some(name) = (!next.is_empty()).then(|| next.remove(0)) {
            if told.contains(&name) {
                continue;
            }
            let of = &types[&name];
            out += &section(types, of);
            told.push(name);
            let mut parts = parts(of);
            parts.retain(|part| types.contains_key(part));
            // What a type is made of comes right behind it.
            next.splice(0..0, parts);
        }
    }
    out
}

fn section(types: &Types, of: &Type) -> String {
    let mut out = format!("\n### {}\n\n", of.name);
    if !of.doc.is_empty() {
        writeln!(out, "{}\n", of.doc).unwrap();
    }
    match &of.shape {
        Shape::Struct(fields) => {
            out += "| field | value | if left out | meaning |\n| --- | --- | --- | --- |\n";
            for field in fields {
                let left_out =
                    field.default.as_ref().map_or("must be given".into(), |_| format!("`{}`", default(types, field)));
                let value = holds(types, &field.holds);
                writeln!(out, "| `{}` | {value} | {left_out} | {} |", field.name, cell(&field.doc)).unwrap();
            }
        }
        Shape::Enum(variants) => {
            out += "| value | holds | meaning |\n| --- | --- | --- |\n";
            for variant in variants {
                out += &variant_rows(types, variant);
            }
        }
    }
    out
}

fn variant_rows(types: &Types, variant: &Variant) -> String {
    let inside = match &variant.holds {
        Holds::Nothing => String::new(),
        Holds::Values(values) => values.iter().map(|value| holds(types, value)).collect::<Vec<_>>().join(", "),
        Holds::Fields(fields) => fields.iter().map(|field| format!("`{}`", field.name)).collect::<Vec<_>>().join(", "),
    };
    let usual = if variant.is_default { " The usual." } else { "" };
    let mut out = format!("| `{}` | {inside} | {}{usual} |\n", variant.name, cell(&variant.doc));
    if let Holds::Fields(fields) = &variant.holds {
        for field in fields {
            let value = holds(types, &field.holds);
            writeln!(out, "| `{}.{}` | {value} | {} |", variant.name, field.name, cell(&field.doc)).unwrap();
        }
    }
    out
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The types that a type is made of, by their name in the source, in order.
fn parts(of: &Type) -> Vec<String> {
    let mut found = Vec::new();
    let mut fields = |fields: &[Field]| fields.iter().for_each(|field| names(&field.holds, &mut found));
    match &of.shape {
        Shape::Struct(all) => fields(all),
        Shape::Enum(variants) => {
            for variant in variants {
                match &variant.holds {
                    Holds::Nothing => {}
                    Holds::Values(values) => values.iter().for_each(|value| names(value, &mut found)),
                    Holds::Fields(all) => all.iter().for_each(|field| names(&field.holds, &mut found)),
                }
            }
        }
    }
    found
}

fn names(of: &syn::Type, found: &mut Vec<String>) {
    match of {
        syn::Type::Path(of) => {
            found.push(last(&of.path));
            arguments(&of.path).iter().for_each(|of| names(of, found));
        }
        syn::Type::Tuple(of) => of.elems.iter().for_each(|of| names(of, found)),
        _ => {}
    }
}

fn arguments(path: &syn::Path) -> Vec<syn::Type> {
    let Some(PathArguments::AngleBracketed(list)) = path.segments.last().map(|segment| &segment.arguments) else {
        return Vec::new();
    };
    list.args.iter().filter_map(|of| if let GenericArgument::Type(of) = of { Some(of.clone()) } else { None }).collect()
}

/// A type in words, with links.
fn holds(types: &Types, of: &syn::Type) -> String {
    let path = match of {
        syn::Type::Path(of) => &of.path,
        syn::Type::Tuple(of) => {
            return format!("({})", of.elems.iter().map(|of| holds(types, of)).collect::<Vec<_>>().join(", "));
        }
        _ => panic!("teach tests/authoring what {} is", of.to_token_stream()),
    };
    let inner: Vec<String> = arguments(path).iter().map(|of| holds(types, of)).collect();
    match (last(path).as_str(), &inner[..]) {
        ("String", _) => "text".into(),
        ("bool", _) => "`true` or `false`".into(),
        ("f64" | "f32", _) => "number".into(),
        ("u8" | "u16" | "u32" | "u64" | "usize", _) => "whole number".into(),
        ("i8" | "i16" | "i32" | "i64", _) => "whole number, also negative".into(),
        ("Duration", _) => "[duration](#durations-and-times)".into(),
        ("SignedDuration", _) => "[duration, also negative](#durations-and-times)".into(),
        ("SimTime", _) => "[time](#durations-and-times)".into(),
        ("Option", [inner]) => format!("{inner}, or `None`"),
        ("Box", [inner]) => inner.clone(),
        ("Vec", [inner]) => format!("list of {inner}"),
        ("BTreeMap", [key, value]) => format!("map of {key} to {value}"),
        (name, _) => match types.get(name) {
            Some(known) => format!("[{}](#{})", known.name, known.name.to_lowercase()),
            None => panic!("teach tests/authoring what {name} is"),
        },
    }
}

fn default(types: &Types, field: &Field) -> String {
    match &field.default {
        Some(Default::Value(value)) => written(value),
        _ => default_of(types, &field.holds),
    }
}

/// The default of a type, as a file would say it.
fn default_of(types: &Types, of: &syn::Type) -> String {
    let syn::Type::Path(path) = of else { return "()".into() };
    match last(&path.path).as_str() {
        "Option" => "None".into(),
        "Vec" => "[]".into(),
        "BTreeMap" => "{}".into(),
        "String" => "\"\"".into(),
        "bool" => "false".into(),
        "Duration" | "SignedDuration" | "SimTime" => "\"0s\"".into(),
        name => match types.get(name).map(|of| &of.shape) {
            Some(Shape::Struct(_)) => "()".into(),
            Some(Shape::Enum(variants)) => {
                variants.iter().find(|variant| variant.is_default).map_or("()".into(), |variant| variant.name.clone())
            }
            None => "0".into(),
        },
    }
}

/// A value of the source, as a file would say it.
fn written(value: &Expr) -> String {
    let all = |values: &mut dyn Iterator<Item = &Expr>| values.map(written).collect::<Vec<_>>().join(", ");
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Float(number) => number.base10_digits().trim_end_matches(".0").to_owned(),
            other => other.to_token_stream().to_string().replace('_', ""),
        },
        Expr::MethodCall(call) => written(&call.receiver),
        Expr::Path(path) => match path.path.to_token_stream().to_string().replace(' ', "").as_str() {
            "Duration::ZERO" | "SignedDuration::ZERO" => "\"0s\"".into(),
            _ => last(&path.path),
        },
        Expr::Call(call) => {
            let function = call.func.to_token_stream().to_string().replace(' ', "");
            let inside = all(&mut call.args.iter());
            match function.rsplit("::").next().unwrap_or_default() {
                "from_secs" => format!("\"{inside}s\""),
                "from_millis" => format!("\"{inside}ms\""),
                "from_micros" => format!("\"{inside}us\""),
                "from_mins" => format!("\"{inside}m\""),
                "new" if function.starts_with("Vec") => "[]".into(),
                "new" if function.starts_with("BTreeMap") => "{}".into(),
                "new" if function.starts_with("String") => "\"\"".into(),
                "default" => "()".into(),
                "Some" => inside,
                variant => format!("{variant}({inside})"),
            }
        }
        Expr::Struct(value) => {
            let field =
                |field: &syn::FieldValue| format!("{}: {}", field.member.to_token_stream(), written(&field.expr));
            format!("{}({})", last(&value.path), value.fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        Expr::Macro(value) if last(&value.mac.path) == "vec" => format!("[{}]", value.mac.tokens),
        other => other.to_token_stream().to_string(),
    }
}
