//! Who is answered.

use super::{super::routes, support::Open};
use crate::server::{Options, Token};

const TOKEN: &str = "correct-horse-battery";

#[test]
fn with_a_token_nothing_but_healthz_is_answered_without_it() {
    let open = Open::with_token(10, Some(TOKEN));
    let wrong = [
        vec![],
        vec!["Authorization: Bearer correct-horse-batterx"],
        vec!["Authorization: Bearer"],
        vec!["Authorization: Basic correct-horse-battery"],
    ];
    for (path, _) in routes::table() {
        let path = path.replace("{id}", "yard");
        for headers in &wrong {
            let answer = open.ask("GET", &path, headers, b"");
            match path.as_str() {
                "/healthz" => assert_eq!(answer.status, 200),
                _ => {
                    answer.explains(401, "token");
                    assert!(
                        answer.head.contains("www-authenticate: bearer"),
                        "{}",
                        answer.head
                    );
                }
            }
        }
        let right = format!("Authorization: Bearer {TOKEN}");
        let status = open.ask("GET", &path, &[&right], b"").status;
        assert!(![401, 403].contains(&status), "{path}: {status}");
    }
    open.get("/nothing/here").explains(401, "token");
    open.post(r#"{"url": "rtsp://host/"}"#)
        .explains(401, "token");
    assert!(open.roster.all().is_empty());
}

#[test]
fn without_a_token_a_strange_name_for_this_machine_is_not_answered() {
    let open = Open::new(10);
    let address = open.server.address();
    let ask = |host: &str| {
        let request =
            format!("GET /api/sources HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        super::support::answer(address, request.as_bytes()).unwrap()
    };
    assert_eq!(ask("localhost").status, 200);
    ask("rebound.example").explains(403, "127.0.0.1");
}

#[test]
fn no_address_that_others_reach_is_opened_without_a_token() {
    for (listen, token, is_opened) in [
        ("127.0.0.1:0", None, true),
        ("[::1]:0", None, true),
        ("0.0.0.0:0", None, false),
        ("[::]:0", None, false),
        ("192.168.1.2:80", None, false),
        ("0.0.0.0:0", Some(TOKEN), true),
    ] {
        let options = Options {
            listen: listen.parse().unwrap(),
            token: token.map(|token| Token::new(token).unwrap()),
        };
        let checked = options.check().map_err(|fault| fault.to_string());
        assert_eq!(checked.is_ok(), is_opened, "{listen}: {checked:?}");
        assert!(checked.is_ok() || checked.unwrap_err().contains("--token-file"));
        assert!(!format!("{options:?}").contains("horse"));
    }
}

#[test]
fn a_token_is_long_enough_and_fits_in_a_header() {
    assert!(Token::new(" correct-horse-battery\n").unwrap().is(TOKEN));
    assert!(!Token::new(TOKEN).unwrap().is("correct-horse-batter"));
    for wrong in ["", "short", "with a space in it", "übermäßig-lang-und-gut"] {
        assert!(Token::new(wrong).is_err(), "{wrong}");
    }
}
