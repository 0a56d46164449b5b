//! Problems as text for a terminal. Knows how they look, nothing else.

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};

use super::{Place, Problem};

/// All problems, with an empty line between.
pub fn render(problems: &[Problem], more: usize, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut blocks: Vec<String> = problems.iter().map(|problem| block(problem, &renderer)).collect();
    if more > 0 {
        let title = Level::ERROR.primary_title(format!("{more} more problems; these are the first {}", problems.len()));
        blocks.push(renderer.render(&[title.element(Level::HELP.message("put these right and check again"))]));
    }
    blocks.join("\n\n")
}

fn block(problem: &Problem, renderer: &Renderer) -> String {
    let title = Level::ERROR.primary_title(problem.what.as_str());
    let mut elements: Vec<Element<'_>> = Vec::new();
    match &problem.place {
        Place::Text(source, span) => {
            let excerpt = source.excerpt(span);
            let position = source.position(span.start);
            let annotation = AnnotationKind::Primary.span(excerpt.underlined);
            let snippet = Snippet::source(excerpt.text).line_start(position.line).annotation(annotation);
            if excerpt.cut {
                // Columns of a piece of a long line say nothing.
                let origin = Origin::path(source.name.as_str()).line(position.line).char_column(position.column);
                elements.extend([origin.into(), snippet.into()]);
            } else {
                elements.push(snippet.path(source.name.as_str()).into());
            }
        }
        Place::Named(name) => elements.push(Origin::path(name.as_str()).into()),
        Place::Nowhere => {}
    }
    if let Some(help) = &problem.help {
        elements.push(Level::HELP.message(help.as_str()).into());
    }
    let see = problem.reference.as_ref().map(|reference| format!("see {reference}"));
    if let Some(see) = &see {
        elements.push(Level::HELP.message(see.as_str()).into());
    }
    let group =
        if elements.is_empty() { annotate_snippets::Group::with_title(title) } else { title.elements(elements) };
    renderer.render(&[group])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Problem, Problems, Source};

    #[test]
    fn a_problem_has_a_header_an_excerpt_and_a_remedy() {
        let source = Arc::new(Source::new("worlds/x.ron", "World(\n\tnodes: {\"é\": 5},\n)"));
        let at = source.text.find('5').unwrap_or_default();
        let problem = Problem::in_text(&source, at..at + 1, "`nodes` is odd").help("write it even");
        insta::assert_snapshot!(Problems::from(problem).render(false), @r#"
        error: `nodes` is odd
         --> worlds/x.ron:2:15
          |
        2 |     nodes: {"é": 5},
          |                  ^
          |
          = help: write it even
        "#);
    }

    #[test]
    fn the_header_says_the_column_however_long_the_line() {
        for before in ["", "\t\té\u{1f600}", &"é, ".repeat(5_000)] {
            let source = Arc::new(Source::new("x.ron", format!("\n{before}wrong here")));
            let at = before.len() + 1;
            let text = Problems::from(Problem::in_text(&source, at..at + 5, "wrong")).to_string();
            let header = format!("error: wrong\n --> x.ron:2:{}\n", before.chars().count() + 1);
            assert!(text.starts_with(&header) && text.contains("^^^^^"), "{text}");
        }
    }

    #[test]
    fn problems_without_a_text_are_rendered_too() {
        let mut problems = Problems::from(Problem::in_file("nodes.a.loss", "too much").help("less"));
        problems.push(Problem::new("no such thing"));
        insta::assert_snapshot!(problems.render(false), @"
        error: too much
        --> nodes.a.loss
         = help: less

        error: no such thing
        ");
        assert!(problems.render(true).contains("\u{1b}["));
    }
}
