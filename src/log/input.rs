//! Files as bytes: plain, gzip or zstd, told by how they begin.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// How much is read at once.
const BUFFER: usize = 256 << 10;

/// How gzip begins, and zstd.
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The kind of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Packing {
    /// As it is.
    Plain,
    /// One member of gzip after the other.
    Gzip,
    /// One frame of zstd after the other.
    Zstd,
}

/// A file's bytes, unpacked as they are asked for.
pub fn unpacked<'r>(mut file: impl Read + 'r) -> io::Result<(Packing, Box<dyn BufRead + 'r>)> {
    let mut head = [0; 4];
    let mut filled = 0;
    while filled < head.len() {
        match file.read(&mut head[filled..])? {
            0 => break,
            more => filled += more,
        }
    }
    let head = head[..filled].to_vec();
    let packing = match &head[..] {
        head if head.starts_with(GZIP) => Packing::Gzip,
        head if head.starts_with(ZSTD) => Packing::Zstd,
        _ => Packing::Plain,
    };
    let whole = BufReader::with_capacity(BUFFER, Cursor::new(head).chain(file));
    let bytes: Box<dyn BufRead + 'r> = match packing {
        Packing::Plain => Box::new(whole),
        Packing::Gzip => Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(whole))),
        Packing::Zstd => Box::new(BufReader::with_capacity(BUFFER, Frames::new(whole))),
    };
    Ok((packing, bytes))
}

/// The longest head, in bytes.
const HEAD_MAX: usize = 64 << 10;

/// The first line that is no comment, after a byte order mark, and the input with
/// all of it: what it is can be seen without reading it away. The line ends where
/// 64 KiB do.
pub fn head<'r>(mut input: impl BufRead + 'r) -> io::Result<(Vec<u8>, Box<dyn BufRead + 'r>)> {
    let mut read = vec![];
    let line = loop {
        let start = read.len();
        let room = (HEAD_MAX.saturating_sub(start)) as u64;
        (&mut input).take(room).read_until(b'\n', &mut read)?;
        let line = &read[start..];
        let line = if start == 0 { line.strip_prefix(MARK).unwrap_or(line) } else { line };
        if !line.starts_with(b"#") {
            break line.trim_ascii_end().to_vec();
        }
    };
    Ok((line, Box::new(Cursor::new(read).chain(input))))
}

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The frames of zstd in a file, one after the other.
struct Frames<R> {
    file: R,
    decoder: FrameDecoder,
    is_inside: bool,
}

impl<R: BufRead> Frames<R> {
    fn new(file: R) -> Self {
        Frames { file, decoder: FrameDecoder::new(), is_inside: false }
    }

    /// The head of the next frame; `false` at the end of the file.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.file.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.file) {
                Ok(()) => return Ok(true),
                // Frames of something else than data are legal.
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = (&mut self.file).take(length.into());
                    if io::copy(&mut skipped, &mut io::sink())? < length.into() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(broken(&error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.decoder.can_collect() > 0 || into.is_empty() {
                return self.decoder.read(into);
            }
            if self.is_inside && self.decoder.is_finished() {
                self.is_inside = false;
            }
            if !self.is_inside {
                if !self.begin()? {
                    return Ok(0);
                }
                self.is_inside = true;
            }
            let some = BlockDecodingStrategy::UptoBytes(into.len());
            self.decoder.decode_blocks(&mut self.file, some).map_err(|error| broken(&error))?;
        }
    }
}

fn broken(error: &FrameDecoderError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: &[u8]) -> io::Result<(Packing, String)> {
        let (packing, mut input) = unpacked(bytes)?;
        let mut text = String::new();
        input.read_to_string(&mut text)?;
        Ok((packing, text))
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &str) -> Vec<u8> {
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        ruzstd::encoding::compress_to_vec(text.as_bytes(), level)
    }

    #[test]
    fn members_and_frames_follow_each_other() {
        let long = "line\n".repeat(100_000);
        for (bytes, packing) in [
            ([gzip(&long), gzip("end")].concat(), Packing::Gzip),
            ([zstd(&long), zstd("end")].concat(), Packing::Zstd),
            (
                [zstd(&long), vec![0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7], zstd("end")].concat(),
                Packing::Zstd,
            ),
            ([long.as_bytes(), b"end"].concat(), Packing::Plain),
        ] {
            let (found, text) = read(&bytes).unwrap();
            assert_eq!((found, text.len()), (packing, long.len() + 3));
            assert!(text.ends_with("line\nend"));
        }
    }

    #[test]
    fn the_head_is_seen_and_not_read_away() {
        let long = "x".repeat(HEAD_MAX + 5);
        for (text, line) in [
            ("\u{feff}# one\n# two\r\nt_ms,key\r\n1,a\n", "t_ms,key"),
            ("t_ms,key", "t_ms,key"),
            ("", ""),
            ("# only", ""),
            (&long, &long[..HEAD_MAX]),
        ] {
            let (head, mut input) = head(BufReader::with_capacity(3, text.as_bytes())).unwrap();
            assert_eq!(str::from_utf8(&head).unwrap(), line);
            let mut all = String::new();
            input.read_to_string(&mut all).unwrap();
            assert_eq!(all, text);
        }
    }

    #[test]
    fn what_is_cut_off_is_an_error_and_what_is_short_is_not() {
        for packed in [gzip(&"line\n".repeat(1_000)), zstd(&"line\n".repeat(1_000))] {
            assert!(read(&packed[..packed.len() / 2]).is_err());
        }
        for short in ["", "a", "abc"] {
            assert_eq!(read(short.as_bytes()).unwrap(), (Packing::Plain, short.to_owned()));
        }
    }
}
