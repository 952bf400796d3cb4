//! Names as parts of topics and subjects.

use std::fmt::Write;

/// A name as one part of a topic (MQTT) or subject (NATS): what would end the part, stand for
/// others or not be printed becomes `%` and its bytes in hexadecimal, so that no two names are
/// one part. Letters of all alphabets stay.
///
/// ```text
/// front door/+1  ->  front%20door%2F%2B1
/// ```
pub fn token(name: &str) -> String {
    let mut token = String::with_capacity(name.len());
    for letter in name.chars() {
        let is_special = matches!(letter, '.' | '*' | '>' | '+' | '#' | '/' | '%');
        if is_special || letter.is_whitespace() || letter.is_control() {
            for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                // Text takes everything.
                let _ = write!(token, "%{byte:02X}");
            }
        } else {
            token.push(letter);
        }
    }
    match token.is_empty() {
        true => "%".into(),
        false => token,
    }
}

/// That a text can stand before such parts: it is of parts that are not empty, and stands for no
/// other.
///
/// # Errors
/// What is wrong with it.
pub fn check_prefix(prefix: &str, between: char) -> Result<(), &'static str> {
    if prefix.contains(['*', '>', '+', '#']) {
        return Err("it has one of * > + #, which stand for others");
    }
    if prefix.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return Err("it has white space in it");
    }
    if prefix.split(between).any(str::is_empty) || prefix.starts_with('$') {
        return Err("it has an empty part, or begins with $");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_more_than_one_part_or_stands_for_others() {
        for (name, part) in [
            ("yard", "yard"),
            ("hof-ü-двор-庭", "hof-ü-двор-庭"),
            ("2024_front.mkv", "2024_front%2Emkv"),
            ("a/b", "a%2Fb"),
            ("a%2Fb", "a%252Fb"),
            ("+", "%2B"),
            ("#\0 >*", "%23%00%20%3E%2A"),
            ("\u{2028}", "%E2%80%A8"),
            ("", "%"),
        ] {
            assert_eq!(token(name), part);
        }
    }

    #[test]
    fn prefixes_stand_for_themselves() {
        assert_eq!(check_prefix("site.cams", '.'), Ok(()));
        assert_eq!(check_prefix("site/cams", '/'), Ok(()));
        for wrong in ["", "a..b", ".a", "a.>", "a b", "a\0", "$JS.API", "a.*"] {
            assert!(check_prefix(wrong, '.').is_err(), "{wrong}");
        }
    }
}
