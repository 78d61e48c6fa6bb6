//! A CSV file to good rows and rejects. Pure: bytes in, rows out.
//!
//! Reads what spreadsheets write: RFC 4180 quoting (commas, quotes and newlines inside quotes), LF or CRLF,
//! a UTF-8 byte order mark. One bad row never hides the others; a wrong header rejects the whole file.

use std::collections::BTreeMap;

use ::csv::{ByteRecord, ReaderBuilder};
use lambda_runtime::Error;

use super::airport::{Airport, COLUMNS, Row};

/// A file's rows, each with the line it starts on.
#[derive(Debug, Default, PartialEq)]
pub struct ParsedFile {
    pub airports: Vec<(u64, Airport)>,
    pub rejects: Vec<Reject>,
}

/// A row that is not stored, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    pub line: u64,
    pub reason: String,
}

/// Reads the whole file.
///
/// # Errors
/// Only when the parser itself fails, which no content makes it do.
pub fn parse(bytes: &[u8]) -> Result<ParsedFile, Error> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut lines = Lines::new(bytes);
    let mut record = ByteRecord::new();
    let mut file = ParsedFile::default();
    if !reader.read_byte_record(&mut record)? {
        file.rejects.push(Reject { line: 1, reason: "the file is empty".to_owned() });
        return Ok(file);
    }
    if let Err(reason) = check_header(&record) {
        file.rejects.push(Reject { line: lines.of(&record), reason });
        return Ok(file);
    }
    let mut first_lines = BTreeMap::new();
    while reader.read_byte_record(&mut record)? {
        let line = lines.of(&record);
        match airport(&record).and_then(|airport| once(&mut first_lines, line, airport)) {
            Ok(airport) => file.airports.push((line, airport)),
            Err(reason) => file.rejects.push(Reject { line, reason }),
        }
    }
    Ok(file)
}

fn check_header(record: &ByteRecord) -> Result<(), String> {
    if record.iter().eq(COLUMNS.map(str::as_bytes)) {
        return Ok(());
    }
    let found: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
    Err(format!("the header is {:?}, not {:?}", found.join(","), COLUMNS.join(",")))
}

fn airport(record: &ByteRecord) -> Result<Airport, String> {
    if record.len() != COLUMNS.len() {
        return Err(format!("has {} columns, not {}", record.len(), COLUMNS.len()));
    }
    let mut columns = [""; COLUMNS.len()];
    for ((column, name), bytes) in columns.iter_mut().zip(COLUMNS).zip(record) {
        *column = std::str::from_utf8(bytes).map_err(|_| format!("{name}: is not UTF-8"))?;
    }
    Airport::try_from(Row::from_columns(columns))
}

/// The first row of an airport counts: queues keep no order, so two would race.
fn once(first_lines: &mut BTreeMap<String, u64>, line: u64, airport: Airport) -> Result<Airport, String> {
    match first_lines.get(airport.iata()) {
        Some(first) => Err(format!("iata: {} is already on line {first}", airport.iata())),
        None => {
            first_lines.insert(airport.iata().to_owned(), line);
            Ok(airport)
        }
    }
}

/// Line numbers by counting newlines up to where a record's text starts. The parser's own count is taken
/// before it skips the rest of a line end, so it is one too low after CRLF or an empty line.
struct Lines<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, counted: 0, line: 1 }
    }

    /// The line of `record`, which must not lie before the one asked for last.
    fn of(&mut self, record: &ByteRecord) -> u64 {
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let skipped = self.bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let end = start + skipped;
        self.line += self.bytes[self.counted..end].iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.counted = end;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "iata,name,city,state,country,latitude,longitude";

    /// Good rows as `line iata name`, rejects as `line reason`.
    fn check(what: &str, bytes: &[u8], good: &[&str], rejects: &[&str]) {
        let file = parse(bytes).expect("parses");
        let rows: Vec<_> = file
            .airports
            .into_iter()
            .map(|(line, airport)| {
                let row = Row::from(airport);
                format!("{line} {} {}", row.iata, row.name)
            })
            .collect();
        let rejected: Vec<_> = file.rejects.iter().map(|reject| format!("{} {}", reject.line, reject.reason)).collect();
        assert_eq!(rows, good, "{what}");
        assert_eq!(rejected, rejects, "{what}");
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        let lf = format!("{HEADER}\nAAA,One,C,S,USA,1,2\nBBB,Two,C,S,USA,1,2\n");
        let good: &[&str] = &["2 AAA One", "3 BBB Two"];
        check("LF", lf.as_bytes(), good, &[]);
        check("no newline at the end", lf.trim_end().as_bytes(), good, &[]);
        check("CRLF", lf.replace('\n', "\r\n").as_bytes(), good, &[]);
        check("byte order mark", format!("\u{feff}{lf}").as_bytes(), good, &[]);
        check("byte order mark, CRLF", format!("\u{feff}{}", lf.replace('\n', "\r\n")).as_bytes(), good, &[]);
        check("empty lines", lf.replace('\n', "\n\n").as_bytes(), &["3 AAA One", "5 BBB Two"], &[]);
        let quoted = format!("{HEADER}\nAAA,\"One, \"\"1\"\"\nof two\",C,S,USA,1,2\nBBB,Two,C,S,USA,1,2\n");
        check("quotes", quoted.as_bytes(), &["2 AAA One, \"1\"\nof two", "4 BBB Two"], &[]);
    }

    #[test]
    fn a_bad_row_never_hides_the_good_ones() {
        let mut bytes = format!("{HEADER}\nAAA,One,C,S,USA,1,2\nBBB,Two\n").into_bytes();
        bytes.extend(b"CCC,Caf\xe9,C,S,USA,1,2\nDDD,Four,C,S,USA,north,2\nAAA,One,C,S,USA,1,2\nEEE,Five,C,S,USA,1,2\n");
        check(
            "bad rows",
            &bytes,
            &["2 AAA One", "7 EEE Five"],
            &[
                "3 has 2 columns, not 7",
                "4 name: is not UTF-8",
                "5 latitude: \"north\" is not a decimal number",
                "6 iata: AAA is already on line 2",
            ],
        );
    }

    #[test]
    fn a_file_without_the_header_is_rejected_whole() {
        check("empty", b"", &[], &["1 the file is empty"]);
        check("only a mark", "\u{feff}".as_bytes(), &[], &["1 the file is empty"]);
        check("header only", HEADER.as_bytes(), &[], &[]);
        check(
            "other columns",
            b"code,name\nAAA,One\n",
            &[],
            &["1 the header is \"code,name\", not \"iata,name,city,state,country,latitude,longitude\""],
        );
    }
}
