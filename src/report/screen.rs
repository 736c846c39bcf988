//! What a comparison says: on a screen, in a document, or to a program.

use serde_json::json;

use super::record::{
    self, Asked, add_drifts, add_libraries, add_thresholds, add_trials, add_warm_up,
};
use super::subject::Subject;
use super::table::{Format, Table};
use super::text::{KEPT, visible, wrap};
use super::words;

/// What is asked for, and what is said beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Screen {
    /// For stdout.
    pub data: String,
    /// For stderr.
    pub talk: String,
}

/// A comparison in a format. Text and markdown say all of it; CSV is the table
/// alone, with the words beside it; JSON holds both.
#[must_use]
pub fn of(subject: &Subject<'_>, asked: &Asked, format: Format) -> Screen {
    let table = Table::of(subject);
    let said = Said::of(subject, asked);
    let (data, talk) = match format {
        Format::Text => {
            let (head, tail) = (said.head(), said.tail());
            (format!("{head}\n{}\n{tail}", table.write(format)), String::new())
        }
        Format::Markdown => {
            let said = said.plain();
            let (head, tail) = (said.markdown_head(), said.markdown_tail());
            (format!("{head}\n{}\n{tail}", table.write(format)), String::new())
        }
        Format::Csv => (table.write(format), said.head() + &said.tail()),
        Format::Json => {
            let said = said.plain();
            let mut record = json!({
                "scenario": subject.plan.name,
                "title": subject.plan.title,
                "api": subject.plan.api,
                "digest": subject.plan.digest,
                "root-seed": subject.seeds.root,
                "seeds": subject.seeds.count,
                "clients": table.json(),
                "floor": said.floor,
                "verdict": said.verdict,
                "pairs": record::pairs(subject),
                "stopping": record::stopping(subject),
                "equalities": said.equalities,
                "assumptions": said.assumptions,
            });
            if let Some(recovery) = &said.recovery {
                record["recovery"] = recovery.clone().into();
            }
            add_warm_up(&mut record, subject.comparison);
            add_libraries(&mut record, subject.plan);
            add_thresholds(&mut record, subject);
            add_trials(&mut record, subject);
            add_drifts(&mut record, subject);
            (format!("{record:#}\n"), String::new())
        }
    };
    Screen { data, talk }
}

struct Said {
    title: String,
    floor: Option<String>,
    releases: Option<String>,
    verdict: String,
    stopping: Option<String>,
    recovery: Option<String>,
    warm_up: Option<String>,
    equalities: Vec<String>,
    /// Lines of their own, as those of the trials.
    thresholds: String,
    trials: String,
    drifts: String,
    assumptions: Vec<String>,
}

impl Said {
    fn of(subject: &Subject<'_>, asked: &Asked) -> Said {
        let command = asked.command();
        Said {
            title: visible(&subject.plan.title),
            floor: words::floor(subject),
            releases: words::releases(subject.plan),
            verdict: words::verdict(subject),
            stopping: words::stopping(subject),
            recovery: words::recovery(subject),
            warm_up: subject.comparison.warm_up.as_ref().map(words::warm_up),
            equalities: words::equalities(subject),
            thresholds: words::thresholds(subject.thresholds, subject.comparison),
            trials: words::trials(subject.trials, subject.comparison, &subject.plan.api),
            drifts: subject
                .against
                .map_or(String::new(), |against| words::drifts(against, subject.comparison)),
            // The trials name each thing that is assumed.
            assumptions: if subject.trials.is_empty() {
                words::assumptions(subject.plan, &command)
            } else {
                vec![]
            },
        }
    }

    /// With blanks as any others, for what is not laid out in lines.
    fn plain(&self) -> Said {
        let text = |text: &String| text.replace(KEPT, " ");
        Said {
            title: text(&self.title),
            floor: self.floor.as_ref().map(text),
            releases: self.releases.as_ref().map(text),
            verdict: text(&self.verdict),
            stopping: self.stopping.as_ref().map(text),
            recovery: self.recovery.as_ref().map(text),
            warm_up: self.warm_up.as_ref().map(text),
            equalities: self.equalities.iter().map(text).collect(),
            thresholds: text(&self.thresholds),
            trials: text(&self.trials),
            drifts: text(&self.drifts),
            assumptions: self.assumptions.iter().map(text).collect(),
        }
    }

    fn head(&self) -> String {
        let lines = std::iter::once(&self.title).chain(&self.floor);
        lines.map(|line| wrap(line, 0) + "\n").collect()
    }

    fn tail(&self) -> String {
        let mut text = wrap(&self.verdict, 0) + "\n";
        for line in self.beside() {
            text.push_str(&(wrap(line, 0) + "\n"));
        }
        text.extend(self.releases.iter().map(|line| wrap(line, 2) + "\n"));
        for block in self.blocks() {
            text.extend(["\n", block]);
        }
        if !self.assumptions.is_empty() {
            text.push('\n');
        }
        for line in &self.assumptions {
            text.push_str(&(wrap(line, 2) + "\n"));
        }
        text
    }

    /// What is told in lines of its own.
    fn blocks(&self) -> impl Iterator<Item = &String> {
        [&self.thresholds, &self.drifts, &self.trials].into_iter().filter(|block| !block.is_empty())
    }

    /// What is said beside the verdict, and as plainly.
    fn beside(&self) -> impl Iterator<Item = &String> {
        let found = self.recovery.iter().chain(&self.warm_up);
        found.chain(&self.stopping).chain(&self.equalities)
    }

    fn markdown_head(&self) -> String {
        let floor = self.floor.as_ref().map_or(String::new(), |floor| format!("\n{floor}\n"));
        format!("## {}\n{floor}", self.title)
    }

    fn markdown_tail(&self) -> String {
        let mut text = format!("{}\n", self.verdict);
        for line in self.beside().chain(&self.releases).chain(&self.assumptions) {
            let between = if line.starts_with("- ") { "" } else { "\n" };
            text.push_str(between);
            text.push_str(line);
            text.push('\n');
        }
        for block in self.blocks() {
            text.extend(["\n```text\n", block, "```\n"]);
        }
        text
    }
}
