//! A TOML document: a text with its name, what `--set` changed in it, and its one parse.

mod access;
mod decode;
mod recover;
#[cfg(test)]
mod sample;
mod set;
mod stop;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;
mod wording;
mod writing;

use std::ops::Range;

use serde::de::DeserializeOwned;

use self::set::Setting;
pub use self::set::{Asker, SetError, slug};
use super::fault::{Fault, Faults, Source};

/// The longest text that is read, in bytes: no model comes near a megabyte.
pub const LONGEST: usize = 1 << 20;

/// More faults of a kind than anyone reads; the rest comes with the next try.
const MOST: usize = 200;

/// A TOML text as a user named it, with the settings that `--set` made in it.
#[derive(Clone, Debug)]
pub struct Document {
    name: String,
    /// As it was loaded: faults are shown in this.
    loaded: String,
    /// With all settings: this is parsed.
    text: String,
    settings: Vec<Setting>,
}

/// What came of a parse: a value, also from a faulty document if it could be had,
/// and all the faults.
#[derive(Clone, Debug)]
pub struct Parsed<T> {
    /// The model. Where there are faults, stand-ins took the place of what was
    /// wrong or missing, so it serves for looking for more faults and nothing else.
    pub value: Option<T>,
    faults: Vec<Fault>,
    /// The bytes next to which something was wrong.
    doubtful: Vec<Range<usize>>,
}

impl Document {
    /// A document of that text; a text longer than [`LONGEST`] is refused.
    ///
    /// A byte order mark is left out, and CRLF ends a line as LF does.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Result<Self, Faults> {
        let (name, mut text) = (name.into(), text.into());
        if text.len() > LONGEST {
            let fault = too_long(text.len());
            let text = String::new();
            let faults = vec![fault];
            return Err(Source { name, text, faults }.into());
        }
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        Ok(Document { name, loaded: text.clone(), text, settings: Vec::new() })
    }

    /// A document of the bytes of a file, which must be UTF-8.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Result<Self, Faults> {
        if bytes.len() > LONGEST {
            // Too long anyway, so no byte of it has to be looked at.
            let (name, text) = (name.into(), String::new());
            let faults = vec![too_long(bytes.len())];
            return Err(Source { name, text, faults }.into());
        }
        match String::from_utf8(bytes) {
            Ok(text) => Document::new(name, text),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let name = name.into();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let byte = error.as_bytes()[at];
                let message = format!("byte {at} of the file, 0x{byte:02x}, is not UTF-8");
                let fault = Fault::new(at..at + '\u{fffd}'.len_utf8(), message)
                    .with_help("save the file as UTF-8");
                let faults = vec![fault];
                Err(Source { name, text, faults }.into())
            }
        }
    }

    /// The file as the user named it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text with all settings in it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as it was loaded, without any setting.
    #[must_use]
    pub fn loaded(&self) -> &str {
        &self.loaded
    }

    /// Reads the text as a `T` and finds every fault of it at once.
    ///
    /// Keys that `T` does not know are refused, whether or not it denies them. A
    /// leaf that refuses a text says `what is wrong: what to write`.
    #[must_use]
    pub fn parse<T: DeserializeOwned>(&self) -> Parsed<T> {
        let reading = syntax::read(&self.text);
        let written = reading.faults.clone();
        if written.len() >= MOST {
            // Too much of the text was not understood to say what is missing.
            return Parsed { value: None, faults: written, doubtful: Vec::new() };
        }
        let read = recover::recover(&self.text, &reading);
        let mut doubtful = Vec::new();
        read.tree.root.walk(&mut |node| {
            if !read.doubtful.contains(&node.id) {
                return;
            }
            doubtful.push(node.span.clone());
            for entry in node.entries() {
                doubtful.push(entry.at.clone());
                if entry.value.entries().is_empty() {
                    doubtful.push(entry.value.span.clone());
                }
            }
        });
        Parsed {
            value: read.value,
            faults: written.into_iter().chain(read.faults).collect(),
            doubtful,
        }
    }

    /// These faults of the text, each shown where somebody wrote it: in the file,
    /// or in the `--set` that changed it.
    #[must_use]
    pub fn faults(&self, faults: impl IntoIterator<Item = Fault>) -> Faults {
        let mut own = Vec::new();
        let mut set: Vec<Vec<Fault>> = vec![Vec::new(); self.settings.len()];
        for mut fault in faults {
            match self.origin(&fault.at) {
                (Some(setting), at) => {
                    fault.at = at;
                    set[setting].push(fault);
                }
                (None, at) => {
                    fault.at = at;
                    own.push(fault);
                }
            }
        }
        let mut all = Faults::new();
        all.push(Source { name: self.name.clone(), text: self.loaded.clone(), faults: own });
        for (setting, faults) in self.settings.iter().zip(set) {
            all.push(Source { name: setting.place().to_owned(), text: setting.argument(), faults });
        }
        all
    }

    /// Where bytes of the text come from: of a setting's argument, or of the file.
    fn origin(&self, at: &Range<usize>) -> (Option<usize>, Range<usize>) {
        let mut at = at.clone();
        for (number, setting) in self.settings.iter().enumerate().rev() {
            if setting.holds(&at) {
                return (Some(number), setting.within(&at));
            }
            at = setting.before(at.start)..setting.before(at.end);
        }
        (None, at)
    }
}

impl<T> Parsed<T> {
    /// The faults so far.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Adds a fault that a check across fields found.
    ///
    /// It is left out where it lies beside something that was wrong already: the
    /// check then saw a stand-in, and its fault may only follow from that.
    pub fn add(&mut self, fault: Fault) {
        let within = |place: &Range<usize>| {
            !place.is_empty() && place.start <= fault.at.start && fault.at.end <= place.end
        };
        if !self.doubtful.iter().any(within) {
            self.faults.push(fault);
        }
    }

    /// The value if there is no fault at all, else all of them as shown to the user.
    pub fn finish(self, document: &Document) -> Result<T, Faults> {
        match self.value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => Err(document.faults(self.faults)),
        }
    }
}

fn too_long(length: usize) -> Fault {
    let message = format!("the text has {length} bytes, and the most is {LONGEST}");
    Fault::new(0..0, message)
}
