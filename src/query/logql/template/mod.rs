//! Go's text/template, as far as `line_format` and `label_format` use it. Knows its syntax; values and functions are in
//! the modules below.

mod eval;
mod functions;
mod parse;
mod printf;
mod text;
mod time;
mod value;

pub use eval::Scope;

/// A template that was understood.
#[derive(Clone, Debug)]
pub struct Template {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
enum Node {
    Text(String),
    Print(Pipeline),
    If(Vec<(Pipeline, Vec<Node>)>, Vec<Node>),
    With(Pipeline, Vec<Node>, Vec<Node>),
    Range { key: Option<String>, value: Option<String>, over: Pipeline, body: Vec<Node>, otherwise: Vec<Node> },
    Break,
    Continue,
}

#[derive(Clone, Debug)]
struct Pipeline {
    /// The variable that is set, and whether it is new.
    set: Option<(String, bool)>,
    commands: Vec<Command>,
}

/// A function or a value and its arguments.
#[derive(Clone, Debug)]
struct Command {
    operands: Vec<Operand>,
}

#[derive(Clone, Debug)]
enum Operand {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Nil,
    /// `.a.b`; empty for the dot.
    Field(Vec<String>),
    /// `$x.a`
    Variable(String, Vec<String>),
    /// `(pipeline).a`
    Paren(Box<Pipeline>, Vec<String>),
    Function(&'static str),
}

impl Template {
    /// Reads a template; the error says what is wrong and where, in bytes.
    pub fn parse(source: &str) -> Result<Self, (usize, String)> {
        parse::template(source)
    }

    /// Renders the template into `out`; the error is Loki's `__error_details__`.
    pub fn render(&self, scope: &dyn Scope, out: &mut String) -> Result<(), String> {
        eval::render(&self.nodes, scope, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixture;

    impl Scope for Fixture {
        fn label(&self, name: &str) -> Option<&str> {
            Some(match name {
                "foo" => "Hello",
                "path" => "/a/b c",
                "n" => "3000",
                "list" => r#"[{"query":"q1"},{"query":"q2"}]"#,
                "took" => "1500ms",
                _ => return None,
            })
        }
        fn line(&self) -> &str {
            "the line"
        }
        fn at(&self) -> i64 {
            1_634_567_890_123_456_789
        }
        fn now(&self) -> i64 {
            1_634_567_900_000_000_000
        }
    }

    fn check(source: &str, expected: &str) {
        let template = Template::parse(source).unwrap_or_else(|error| panic!("{source}: {error:?}"));
        let mut out = String::new();
        template.render(&Fixture, &mut out).unwrap_or_else(|error| panic!("{source}: {error}"));
        assert_eq!(out, expected, "{source}");
    }

    #[test]
    fn labels_and_pipelines() {
        check("a {{.foo}} b {{ .missing }}c", "a Hello b c");
        check(r#"{{ .path | replace " " "_" | trunc 5 | upper }}"#, "/A/B_");
        check("{{- .foo -}}   x", "Hellox");
        check("{{/* nothing */}}x", "x");
        check("{{__line__ | upper}} {{ __timestamp__ | unixEpoch }}", "THE LINE 1634567890");
        check(r#"{{ __timestamp__ | date "2006-01-02T15:04:05.00Z07:00" }}"#, "2021-10-18T14:38:10.12Z");
        check(r#"{{ Replace .foo "l" "L" 1 }} {{ ToLower .foo }} {{ TrimPrefix .foo "He" }}"#, "HeLlo hello llo");
    }

    #[test]
    fn conditions_and_loops() {
        check(r#"{{ if and (contains "he" "hello") (eq .foo "Hello") }}yes{{ else }}no{{ end }}"#, "yes");
        check(r#"{{ if contains "x" .foo }}1{{ else if hasPrefix "He" .foo }}2{{ else }}3{{ end }}"#, "2");
        check("{{ range $q := fromJson .list }}{{ $q.query }};{{ end }}", "q1;q2;");
        check("{{ range $i, $q := fromJson .list }}{{ $i }}{{ .query }}{{ end }}", "0q11q2");
        check("{{ with .missing }}a{{ else }}b{{ end }}", "b");
        check("{{ $x := .foo }}{{ $x = printf \"%s!\" $x }}{{ $x }}", "Hello!");
        check("{{ if not .missing }}{{ len .foo }}{{ end }}", "5");
        check("{{ if gt (int .n) 5 }}big{{ end }}", "big");
    }

    #[test]
    fn functions() {
        check(r#"{{ default "-" .missing }}{{ .foo | default "-" }}"#, "-Hello");
        check(r#"{{ substr 0 5 "hello world" }}|{{ trunc -5 "hello world" }}"#, "hello|world");
        check(r#"{{ alignLeft 5 "hi" }}|{{ alignRight 5 "hello world" }}"#, "hi   |world");
        check(r#"{{ regexReplaceAll "(a*)bc" "abc xbc" "${1}-" }}"#, "a- x-");
        check(r#"{{ regexReplaceAllLiteral "b" "abc" "$1" }}|{{ count "a" "aba" }}"#, "a$1c|2");
        check(
            "{{ div .n 1000 }} {{ add 3 2 5 }} {{ divf 10 2 4 }} {{ round 1.256 2 }} {{ round 123.88571428571 5 .2 }} {{ mod 10 3 }}",
            "3 10 1.25 1.26 123.88572 1",
        );
        check(r#"{{ printf "%-6.3s|%5d|%05.1f|%q|%v" .foo 42 3.14159 "x" true }}"#, "Hel   |   42|003.1|\"x\"|true");
        check("{{ .took | duration }} {{ bytes \"2 KB\" }} {{ title \"hello world\" }}", "1.5 2000 Hello World");
        check(
            r#"{{ b64enc "hi" }} {{ b64dec "aGk=" }} {{ urlencode "a b&c" }} {{ urldecode "a+b%26c" }}"#,
            "aGk= hi a+b%26c a b&c",
        );
        check(r#"{{ unixEpoch (toDate "2006-01-02" "2021-11-02") }}"#, "1635811200");
        check(r#"{{ date "2006-01-02" (unixToTime "1679577215") }}"#, "2023-03-23");
        check(r#"{{ indent 2 "a" }}{{ repeat 3 "x" }}{{ trimAll "$" "$5$" }}"#, "  axxx5");
    }

    #[test]
    fn bad_templates_are_refused() {
        for bad in [
            "{{",
            "{{ .a",
            "{{ nofunction }}",
            "{{ if .a }}",
            "{{ end }}",
            "{{ | upper }}",
            "{{ .a | }}",
            "{{ \"a }}",
            "{{ $x }}",
            "{{ (.a }}",
            "{{ else }}",
            "{{ template \"x\" }}",
        ] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
        assert!(Template::parse(&format!("{{{{ {} }}}}", "(".repeat(100_000))).is_err());
        assert!(Template::parse(&"{{ if .a }}".repeat(20_000)).is_err());
    }

    #[test]
    fn errors_and_huge_output_are_errors() {
        for bad in ["{{ div 1 0 }}", "{{ repeat 999999999 \"x\" }}", "{{ toDate \"2006\" \"x\" }}", "{{ substr }}"] {
            let mut out = String::new();
            assert!(Template::parse(bad).unwrap().render(&Fixture, &mut out).is_err(), "{bad}");
        }
    }
}
