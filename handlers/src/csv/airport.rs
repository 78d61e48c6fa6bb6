//! An airport, valid by construction: from a CSV row or from a message, through the same checks.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

/// The columns of the file, in this order.
pub const COLUMNS: [&str; 7] = ["iata", "name", "city", "state", "country", "latitude", "longitude"];

/// The longest text of a column, in characters.
const LONGEST: usize = 200;

/// A row as written, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub iata: String,
    pub name: String,
    pub city: String,
    pub state: String,
    pub country: String,
    pub latitude: String,
    pub longitude: String,
}

impl Row {
    /// A row of the file's seven columns.
    pub fn from_columns([iata, name, city, state, country, latitude, longitude]: [&str; 7]) -> Self {
        let [iata, name, city, state, country, latitude, longitude] =
            [iata, name, city, state, country, latitude, longitude].map(str::to_owned);
        Self { iata, name, city, state, country, latitude, longitude }
    }
}

/// A checked row. Coordinates stay text, so that DynamoDB stores the digits the file has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Row", into = "Row")]
pub struct Airport(Row);

impl Airport {
    pub fn iata(&self) -> &str {
        &self.0.iata
    }

    /// The table's item, keyed by `iata`, the coordinates as numbers.
    pub fn into_item(self) -> HashMap<String, AttributeValue> {
        let Row { iata, name, city, state, country, latitude, longitude } = self.0;
        HashMap::from([
            ("iata".to_owned(), AttributeValue::S(iata)),
            ("name".to_owned(), AttributeValue::S(name)),
            ("city".to_owned(), AttributeValue::S(city)),
            ("state".to_owned(), AttributeValue::S(state)),
            ("country".to_owned(), AttributeValue::S(country)),
            ("latitude".to_owned(), AttributeValue::N(latitude)),
            ("longitude".to_owned(), AttributeValue::N(longitude)),
        ])
    }
}

impl From<Airport> for Row {
    fn from(airport: Airport) -> Self {
        airport.0
    }
}

impl TryFrom<Row> for Airport {
    type Error = String;

    /// The first thing wrong with the row, naming its column.
    fn try_from(row: Row) -> Result<Self, String> {
        check_iata(&row.iata)?;
        check_text("name", &row.name)?;
        check_text("city", &row.city)?;
        check_text("state", &row.state)?;
        check_text("country", &row.country)?;
        check_coordinate("latitude", &row.latitude, 90.0)?;
        check_coordinate("longitude", &row.longitude, 180.0)?;
        Ok(Self(row))
    }
}

fn check_iata(iata: &str) -> Result<(), String> {
    let code = (3..=4).contains(&iata.len()) && iata.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if code { Ok(()) } else { Err(format!("iata: {iata:?} is not 3 or 4 capital letters and digits")) }
}

fn check_text(column: &str, text: &str) -> Result<(), String> {
    match text.chars().count() {
        0 => Err(format!("{column}: is empty")),
        1..=LONGEST => Ok(()),
        length => Err(format!("{column}: has {length} characters, more than {LONGEST}")),
    }
}

/// Degrees in plain decimal notation, at most 38 digits: what a DynamoDB number holds exactly.
fn check_coordinate(column: &str, text: &str, limit: f64) -> Result<(), String> {
    let not_a_number = || format!("{column}: {text:?} is not a decimal number");
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || whole.len() + fraction.len() > 38 {
        return Err(not_a_number());
    }
    let degrees: f64 = text.parse().map_err(|_| not_a_number())?;
    if degrees.abs() > limit { Err(format!("{column}: {text} is beyond {limit} degrees")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [&str; 7] = ["00M", "Thigpen", "Bay Springs", "MS", "USA", "31.95376472", "-89.23450472"];

    fn check(column: usize, value: &str, expected: Option<&str>) {
        let mut columns = GOOD;
        columns[column] = value;
        let result = Airport::try_from(Row::from_columns(columns));
        assert_eq!(result.err().as_deref(), expected, "{} = {value:?}", COLUMNS[column]);
    }

    #[test]
    fn each_column_is_checked() {
        let long = "x".repeat(201);
        for (column, value, expected) in [
            (0, "ORD", None),
            (0, "K00M", None),
            (0, "ord", Some("iata: \"ord\" is not 3 or 4 capital letters and digits")),
            (0, "", Some("iata: \"\" is not 3 or 4 capital letters and digits")),
            (0, "ORDER", Some("iata: \"ORDER\" is not 3 or 4 capital letters and digits")),
            (1, "Line one\nline two", None),
            (1, "", Some("name: is empty")),
            (1, &long, Some("name: has 201 characters, more than 200")),
            (3, "", Some("state: is empty")),
            (5, "-90", None),
            (5, "7.0", None),
            (5, "90.1", Some("latitude: 90.1 is beyond 90 degrees")),
            (5, "north", Some("latitude: \"north\" is not a decimal number")),
            (5, "1e1", Some("latitude: \"1e1\" is not a decimal number")),
            (5, "+1", Some("latitude: \"+1\" is not a decimal number")),
            (5, "1.", Some("latitude: \"1.\" is not a decimal number")),
            (5, "NaN", Some("latitude: \"NaN\" is not a decimal number")),
            (6, "-180", None),
            (6, "180.0001", Some("longitude: 180.0001 is beyond 180 degrees")),
            (6, "", Some("longitude: \"\" is not a decimal number")),
        ] {
            check(column, value, expected);
        }
    }

    #[test]
    fn coordinates_are_stored_as_written() {
        let item = Airport::try_from(Row::from_columns(GOOD)).expect("good").into_item();
        assert_eq!(item["latitude"], AttributeValue::N("31.95376472".to_owned()));
        assert_eq!(item["longitude"], AttributeValue::N("-89.23450472".to_owned()));
    }

    #[test]
    fn a_message_cannot_carry_an_airport_that_is_not_valid() {
        let good = serde_json::to_string(&Airport::try_from(Row::from_columns(GOOD)).expect("good")).expect("JSON");
        assert!(serde_json::from_str::<Airport>(&good).is_ok());
        let bad = good.replace("31.95376472", "north");
        let error = serde_json::from_str::<Airport>(&bad).expect_err("no number");
        assert!(error.to_string().starts_with("latitude: \"north\" is not a decimal number"), "{error}");
    }
}
