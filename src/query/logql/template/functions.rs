//! The functions a template may call: Go's own, sprig's and Loki's.

use super::super::super::syntax::{compile_regex, parse_bytes, parse_go_duration, quote};
use super::eval::Scope;
use super::text::{base64, bounded, substring, title, trimmed, truncated, unbase64, url_decoded, url_encoded};
use super::value::Value;
use super::{printf, time};

/// All names.
pub(super) const NAMES: [&str; 85] = [
    "__line__",
    "__timestamp__",
    "now",
    "date",
    "toDate",
    "toDateInZone",
    "unixEpoch",
    "unixEpochMillis",
    "unixEpochNanos",
    "unixToTime",
    "duration",
    "duration_seconds",
    "bytes",
    "default",
    "fromJson",
    "lower",
    "upper",
    "title",
    "trim",
    "trimAll",
    "trimPrefix",
    "trimSuffix",
    "trunc",
    "substr",
    "replace",
    "repeat",
    "indent",
    "nindent",
    "contains",
    "hasPrefix",
    "hasSuffix",
    "alignLeft",
    "alignRight",
    "b64enc",
    "b64dec",
    "urlencode",
    "urldecode",
    "regexReplaceAll",
    "regexReplaceAllLiteral",
    "count",
    "add",
    "addf",
    "sub",
    "subf",
    "mul",
    "mulf",
    "div",
    "divf",
    "mod",
    "min",
    "minf",
    "max",
    "maxf",
    "round",
    "ceil",
    "floor",
    "int",
    "float64",
    "toString",
    "print",
    "printf",
    "println",
    "len",
    "index",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "and",
    "or",
    "not",
    "ToLower",
    "ToUpper",
    "Replace",
    "Trim",
    "TrimLeft",
    "TrimRight",
    "TrimPrefix",
    "TrimSuffix",
    "TrimSpace",
    "html",
    "urlquery",
    "js",
];

const LONGEST: usize = 1 << 16;

type Done = Result<Value, String>;

/// Calls a function.
pub(super) fn call(name: &str, args: &[Value], scope: &dyn Scope) -> Done {
    let needed = arity(name);
    if args.len() < needed {
        return Err(format!("wrong number of args for {name}: want {needed} got {}", args.len()));
    }
    match name {
        "__line__" => Ok(Value::Text(scope.line().to_owned())),
        "__timestamp__" => Ok(Value::Time(scope.at())),
        "now" => Ok(Value::Time(scope.now())),
        "date" | "toDate" | "toDateInZone" | "unixEpoch" | "unixEpochMillis" | "unixEpochNanos" | "unixToTime" => {
            when(name, args)
        }
        "add" | "addf" | "sub" | "subf" | "mul" | "mulf" | "div" | "divf" | "mod" | "min" | "minf" | "max" | "maxf"
        | "round" | "ceil" | "floor" | "int" | "float64" => arithmetic(name, args),
        "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "not" | "contains" | "hasPrefix" | "hasSuffix" => logic(name, args),
        "default" => Ok(if args[1].is_true() { args[1].clone() } else { args[0].clone() }),
        "fromJson" => Ok(serde_json::from_str(&args[0].text()).map_or(Value::Text(String::new()), Value::from_json)),
        "len" => length(&args[0]),
        "index" => index(args),
        "duration" | "duration_seconds" => {
            let text = args[0].text();
            let nanos = parse_go_duration(&text).ok_or_else(|| format!("time: invalid duration {}", quote(&text)))?;
            Ok(Value::Float(nanos as f64 / 1e9))
        }
        "bytes" => parse_bytes(&args[0].text())
            .map(|bytes| Value::Int(bytes as i64))
            .ok_or_else(|| format!("unhandled size name: {}", args[0].text())),
        _ => text(name, args).map(Value::Text),
    }
}

fn arity(name: &str) -> usize {
    match name {
        "__line__" | "__timestamp__" | "now" | "print" | "println" | "and" | "or" => 0,
        "date" | "toDate" | "default" | "trimAll" | "trimPrefix" | "trimSuffix" | "trunc" | "repeat" | "indent"
        | "nindent" | "contains" | "hasPrefix" | "hasSuffix" | "alignLeft" | "alignRight" | "count" | "sub" | "div"
        | "mod" | "round" | "index" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "Trim" | "TrimLeft" | "TrimRight"
        | "TrimPrefix" | "TrimSuffix" => 2,
        "toDateInZone" | "substr" | "replace" | "regexReplaceAll" | "regexReplaceAllLiteral" => 3,
        "Replace" => 4,
        _ => 1,
    }
}

fn when(name: &str, args: &[Value]) -> Done {
    let instant = |value: &Value| match value {
        Value::Time(nanos) => *nanos,
        other => other.int().saturating_mul(1_000_000_000),
    };
    let epoch = |nanos: i64| Ok(Value::Text(nanos.to_string()));
    match name {
        "date" => Ok(Value::Text(time::format(instant(&args[1]), &args[0].text()))),
        "toDate" | "toDateInZone" => {
            let text = args[args.len().min(3) - 1].text();
            time::parse(&text, &args[0].text())
                .map(Value::Time)
                .ok_or_else(|| format!("cannot parse {} as a time", quote(&text)))
        }
        "unixEpoch" => epoch(instant(&args[0]).div_euclid(1_000_000_000)),
        "unixEpochMillis" => epoch(instant(&args[0]).div_euclid(1_000_000)),
        "unixEpochNanos" => epoch(instant(&args[0])),
        _ => {
            let text = args[0].text();
            let number: i64 = text.trim().parse().map_err(|_| format!("unable to parse time {}", quote(&text)))?;
            let unit = match text.trim().len() {
                5 => 86_400_000_000_000,
                10 => 1_000_000_000,
                13 => 1_000_000,
                16 => 1_000,
                19 => 1,
                _ => return Err(format!("unable to parse time {}", quote(&text))),
            };
            number.checked_mul(unit).map(Value::Time).ok_or_else(|| "time out of range".to_owned())
        }
    }
}

fn arithmetic(name: &str, args: &[Value]) -> Done {
    let ints =
        |op: fn(i64, i64) -> i64| Value::Int(args.iter().skip(1).fold(args[0].int(), |sum, arg| op(sum, arg.int())));
    let floats = |op: fn(f64, f64) -> f64| {
        Value::Float(args.iter().skip(1).fold(args[0].float(), |sum, arg| op(sum, arg.float())))
    };
    let divisor = || match args[1].int() {
        0 => Err("integer divide by zero".to_owned()),
        number => Ok(number),
    };
    Ok(match name {
        "add" => ints(i64::wrapping_add),
        "sub" => ints(i64::wrapping_sub),
        "mul" => ints(i64::wrapping_mul),
        "min" => ints(i64::min),
        "max" => ints(i64::max),
        "div" => Value::Int(args[0].int().wrapping_div(divisor()?)),
        "mod" => Value::Int(args[0].int().wrapping_rem(divisor()?)),
        "addf" => floats(|a, b| a + b),
        "subf" => floats(|a, b| a - b),
        "mulf" => floats(|a, b| a * b),
        "divf" => floats(|a, b| a / b),
        "minf" => floats(f64::min),
        "maxf" => floats(f64::max),
        "ceil" => Value::Float(args[0].float().ceil()),
        "floor" => Value::Float(args[0].float().floor()),
        "int" => Value::Int(args[0].int()),
        "float64" => Value::Float(args[0].float()),
        _ => {
            let scale = libm::pow(10.0, args[1].int().clamp(0, 15) as f64);
            let on = args.get(2).map_or(0.5, Value::float);
            let scaled = args[0].float() * scale;
            let whole = scaled.trunc();
            let up = (scaled - whole).abs() >= on;
            Value::Float((whole + if up { scaled.signum() } else { 0.0 }) / scale)
        }
    })
}

fn logic(name: &str, args: &[Value]) -> Done {
    use std::cmp::Ordering;
    let order = || -> Result<Ordering, String> {
        match (&args[0], &args[1]) {
            (Value::Text(a), Value::Text(b)) => Ok(a.cmp(b)),
            (Value::Int(a), Value::Int(b)) => Ok(a.cmp(b)),
            (Value::Text(_), _) | (_, Value::Text(_)) => Err("incompatible types for comparison".to_owned()),
            (a, b) => a.float().partial_cmp(&b.float()).ok_or_else(|| "numbers cannot be compared".to_owned()),
        }
    };
    let same = |a: &Value, b: &Value| match (a, b) {
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => Ok(a.float() == b.float()),
        (Value::Text(_), Value::Text(_)) | (Value::Bool(_), Value::Bool(_)) | (Value::Nil, _) | (_, Value::Nil) => {
            Ok(a == b)
        }
        _ => Err("incompatible types for comparison".to_owned()),
    };
    Ok(Value::Bool(match name {
        "eq" => {
            let mut any = false;
            for other in &args[1..] {
                any = any || same(&args[0], other)?;
            }
            any
        }
        "ne" => !same(&args[0], &args[1])?,
        "lt" => order()?.is_lt(),
        "le" => order()?.is_le(),
        "gt" => order()?.is_gt(),
        "ge" => order()?.is_ge(),
        "not" => !args[0].is_true(),
        "contains" => args[1].text().contains(&args[0].text()),
        "hasPrefix" => args[1].text().starts_with(&args[0].text()),
        _ => args[1].text().ends_with(&args[0].text()),
    }))
}

fn length(value: &Value) -> Done {
    match value {
        Value::Text(text) => Ok(Value::Int(text.len() as i64)),
        Value::Json(serde_json::Value::Array(items)) => Ok(Value::Int(items.len() as i64)),
        Value::Json(serde_json::Value::Object(fields)) => Ok(Value::Int(fields.len() as i64)),
        other => Err(format!("error calling len: len of {}", other.text())),
    }
}

fn index(args: &[Value]) -> Done {
    let mut value = args[0].clone();
    for key in &args[1..] {
        value = match (&value, key) {
            (Value::Json(json @ serde_json::Value::Array(_)), at) => {
                let found = usize::try_from(at.int()).ok().and_then(|at| json.get(at));
                Value::from_json(found.cloned().ok_or("index out of range")?)
            }
            (Value::Json(json), key) => json.get(key.text()).cloned().map_or(Value::Nil, Value::from_json),
            _ => return Err("can't index a value of this type".to_owned()),
        };
    }
    Ok(value)
}

fn text(name: &str, args: &[Value]) -> Result<String, String> {
    let arg = |at: usize| args[at].text();
    let size = |at: usize| match usize::try_from(args[at].int()) {
        Ok(size) if size <= LONGEST => Ok(size),
        _ => Err(format!("bad count for {name}")),
    };
    Ok(match name {
        "lower" | "ToLower" => arg(0).to_lowercase(),
        "upper" | "ToUpper" => arg(0).to_uppercase(),
        "title" => title(&arg(0)),
        "trim" | "TrimSpace" => arg(0).trim().to_owned(),
        "trimAll" => trimmed(&arg(1), &arg(0), true, true),
        "Trim" => trimmed(&arg(0), &arg(1), true, true),
        "TrimLeft" => trimmed(&arg(0), &arg(1), true, false),
        "TrimRight" => trimmed(&arg(0), &arg(1), false, true),
        "trimPrefix" => arg(1).strip_prefix(&arg(0)).map_or_else(|| arg(1), str::to_owned),
        "TrimPrefix" => arg(0).strip_prefix(&arg(1)).map_or_else(|| arg(0), str::to_owned),
        "trimSuffix" => arg(1).strip_suffix(&arg(0)).map_or_else(|| arg(1), str::to_owned),
        "TrimSuffix" => arg(0).strip_suffix(&arg(1)).map_or_else(|| arg(0), str::to_owned),
        "trunc" => truncated(&arg(1), args[0].int()),
        "substr" => substring(&arg(2), args[0].int(), args[1].int()),
        "replace" => bounded(&arg(2), &arg(1))?.replace(&arg(0), &arg(1)),
        "Replace" => match usize::try_from(args[3].int()) {
            Ok(times) => bounded(&arg(0), &arg(2))?.replacen(&arg(1), &arg(2), times),
            Err(_) => bounded(&arg(0), &arg(2))?.replace(&arg(1), &arg(2)),
        },
        "repeat" => {
            let (times, text) = (size(0)?, arg(1));
            if times.saturating_mul(text.len()) > 1 << 20 {
                return Err("the repeated text is too long".to_owned());
            }
            text.repeat(times)
        }
        "indent" | "nindent" => {
            let pad = " ".repeat(size(0)?.min(1000));
            let body = format!("{pad}{}", arg(1).replace('\n', &format!("\n{pad}")));
            if name == "nindent" { format!("\n{body}") } else { body }
        }
        "alignLeft" => {
            let text: String = arg(1).chars().take(size(0)?).collect();
            format!("{text:<width$}", width = size(0)?)
        }
        "alignRight" => {
            let (text, width) = (arg(1), size(0)?);
            let skip = text.chars().count().saturating_sub(width);
            format!("{:>width$}", text.chars().skip(skip).collect::<String>())
        }
        "b64enc" => base64(arg(0).as_bytes()),
        "b64dec" => unbase64(&arg(0)).ok_or("illegal base64 data")?,
        "urlencode" | "urlquery" => url_encoded(&arg(0)),
        "urldecode" => url_decoded(&arg(0)).ok_or("invalid URL escape")?,
        "regexReplaceAll" => {
            let regex = compile_regex(&arg(0))?;
            regex.replace_all(&arg(1), arg(2).as_str()).into_owned()
        }
        "regexReplaceAllLiteral" => {
            let regex = compile_regex(&arg(0))?;
            regex.replace_all(&arg(1), regex::NoExpand(&arg(2))).into_owned()
        }
        "count" => compile_regex(&arg(0))?.find_iter(&arg(1)).count().to_string(),
        "print" => args.iter().map(Value::text).collect::<Vec<_>>().join(""),
        "println" => args.iter().map(Value::text).collect::<Vec<_>>().join(" ") + "\n",
        "printf" => printf::printf(&arg(0), &args[1..])?,
        "html" => arg(0)
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&#34;")
            .replace('\'', "&#39;"),
        "js" => quote(&arg(0)).trim_matches('"').to_owned(),
        _ => arg(0),
    })
}
