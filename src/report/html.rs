//! Rows as one HTML page that needs nothing else: no script, no font, no picture from elsewhere. Whatever a session file
//! says is text on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{Row, charts};
use crate::time::Duration;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}\
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem}\
table{border-collapse:collapse;width:100%;font-size:.88rem}\
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884;vertical-align:top}\
th{font-weight:600}td.n{text-align:right;font-variant-numeric:tabular-nums}\
.good{color:#00795a}.half{color:#9a6a00}.bad{color:#b3470c}.weak{opacity:.65}\
@media(prefers-color-scheme:dark){.good{color:#4fd1a5}.half{color:#f0b64a}.bad{color:#ff8a5c}}\
svg{width:100%;height:auto;font:12px system-ui,sans-serif}svg text{fill:currentColor}svg text.on{fill:#111}\
svg .axis{stroke:currentColor;stroke-opacity:.35}\
.wide{overflow-x:auto}";

/// The whole page.
pub fn html(rows: &[Row], broken: &[String]) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = page(rows, broken, &mut out);
    out
}

fn page(rows: &[Row], broken: &[String], out: &mut String) -> std::fmt::Result {
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>allgreen: a class</title><style>{STYLE}</style></head><body>"
    )?;
    let solved = rows.iter().filter(|row| row.is_solved()).count();
    let people: BTreeSet<&String> = rows.iter().flat_map(|row| &row.who).collect();
    writeln!(out, "<h1>What the class did</h1>")?;
    writeln!(
        out,
        "<p>{} sessions of {} people; {solved} solved. Times are of the incident clock. What was not ended by its learner is \
         graded as it stands.</p>",
        rows.len(),
        people.len()
    )?;
    if !broken.is_empty() {
        writeln!(
            out,
            "<p class=\"bad\">{} files are left out, because they could not be replayed:</p><ul>",
            broken.len()
        )?;
        for problem in broken {
            writeln!(out, "<li>{}</li>", escape(problem))?;
        }
        writeln!(out, "</ul>")?;
    }
    if !rows.is_empty() {
        matrix(rows, out)?;
        writeln!(out, "<h2>Where the time went</h2>\n{}", charts::steps(rows))?;
        writeln!(out, "<h2>How soon</h2>\n{}", charts::times(rows))?;
        sessions(rows, out)?;
        scores(rows, out)?;
    }
    writeln!(out, "</body></html>")
}

/// People by lessons.
fn matrix(rows: &[Row], out: &mut String) -> std::fmt::Result {
    let lessons: BTreeSet<&String> = rows.iter().map(|row| &row.lesson.0).collect();
    let mut people: BTreeMap<String, BTreeMap<&String, Vec<&Row>>> = BTreeMap::new();
    for row in rows {
        people.entry(row.people()).or_default().entry(&row.lesson.0).or_default().push(row);
    }
    writeln!(out, "<h2>Who solved what</h2><div class=\"wide\"><table><tr><th></th>")?;
    for lesson in &lessons {
        writeln!(out, "<th>{}</th>", escape(lesson))?;
    }
    writeln!(out, "</tr>")?;
    for (who, done) in &people {
        writeln!(out, "<tr><th>{}</th>", escape(who))?;
        for lesson in &lessons {
            let cells: Vec<String> = done.get(*lesson).into_iter().flatten().map(|row| verdict(row)).collect();
            writeln!(out, "<td>{}</td>", cells.join("<br>"))?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</table></div>")
}

fn verdict(row: &Row) -> String {
    let (sign, word) = row.verdict_word();
    let class = match (row.is_solved(), sign) {
        (true, _) => "good",
        (_, "◐") => "half",
        _ => "bad",
    };
    let remarks = row.remarks();
    let more = if remarks.is_empty() {
        String::new()
    } else {
        format!(" <span class=\"weak\">({})</span>", remarks.join(", "))
    };
    format!("<span class=\"{class}\">{sign} {}</span>{more}", escape(word))
}

fn sessions(rows: &[Row], out: &mut String) -> std::fmt::Result {
    writeln!(out, "<h2>How</h2><div class=\"wide\"><table><tr>")?;
    for title in
        ["who", "lesson", "seed", "verdict", "cause", "fixes", "hints", "to hypothesis", "to root fix", "in all"]
    {
        writeln!(out, "<th>{title}</th>")?;
    }
    writeln!(out, "</tr>")?;
    let time = |time: Option<Duration>| time.map_or("–".to_owned(), |time| time.to_string());
    for row in rows {
        let fixes: Vec<String> = row.fixes.iter().map(|fix| escape(fix)).collect();
        let (stated, grade) = &row.cause;
        writeln!(
            out,
            "<tr title=\"{}\"><td>{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td><td>{}<br><span class=\"weak\">{}</span></td>\
             <td>{}</td><td class=\"n\">{} of {}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            escape(&format!("{} {}", row.file.display(), row.began)),
            escape(&row.people()),
            escape(&row.lesson.1),
            row.seed,
            verdict(row),
            grade.word(),
            escape(stated),
            fixes.join("<br>"),
            row.hints.0,
            row.hints.1,
            time(row.times.hypothesis),
            time(row.times.root_fix),
            row.total,
        )?;
    }
    writeln!(out, "</table></div>")
}

fn scores(rows: &[Row], out: &mut String) -> std::fmt::Result {
    writeln!(out, "<h2>Step by step</h2><div class=\"wide\"><table><tr><th>who</th><th>lesson</th>")?;
    for (step, ..) in rows.first().map_or(&[][..], |row| &row.steps) {
        writeln!(out, "<th>{}</th>", escape(step))?;
    }
    writeln!(out, "</tr>")?;
    for row in rows {
        writeln!(out, "<tr><td>{}</td><td>{}</td>", escape(&row.people()), escape(&row.lesson.0))?;
        for (_, spent, score) in &row.steps {
            let score = score.map_or("–".to_owned(), |score| format!("{:.0} %", score * 100.0));
            writeln!(out, "<td class=\"n\">{score}<br><span class=\"weak\">{spent}</span></td>")?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</table></div>")
}

/// Text that is nothing but text, in an element or in a quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
