//! What holds for every expression and every text.

use proptest::prelude::*;
use stepwell_jsonata::{Budget, Environment, Expression, Options, number_text, stringify};
use stepwell_types::{Map, Value};

mod support {
    pub(crate) mod grammar;
}

fn evaluate(text: &str, data: &Value, options: &Options<'_>) -> String {
    let environment = Environment {
        seed: 3,
        budget: Budget { fuel: 50_000, ..Budget::default() },
        ..Environment::default()
    };
    match Expression::compile(text, options) {
        Ok(expression) => {
            let outcome = expression.evaluate(Some(data), &Map::new(), &environment);
            if let Ok(stepwell_jsonata::Outcome::Value(value)) = &outcome {
                assert!(value.depth() <= stepwell_types::quota::PAYLOAD_DEPTH_MAX);
                assert!(Value::parse(&stringify(value)).is_ok());
            }
            format!("{outcome:?}")
        }
        Err(error) => {
            assert!(error.position.is_none_or(|at| at as usize <= text.encode_utf16().count() + 32));
            format!("{error:?}")
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::I64),
        any::<f64>().prop_filter_map("finite", Value::from_f64),
        "[ -~\u{e9}\u{1F600}]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::array),
            prop::collection::vec(("[a-f0-9]{1,2}", inner), 0..4)
                .prop_map(|fields| Value::object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in "\\PC{0,40}", data in value()) {
        evaluate(&text, &data, &Options::standard());
        evaluate(&text, &data, &Options::step_functions(&["input"]));
    }

    #[test]
    fn no_text_of_tokens_panics(tokens in prop::collection::vec(
        prop::sample::select(vec!["$", "a", "(", ")", "[", "]", "{", "}", ".", "..", "%", "@$x", "#$i", "^(", "|", "~>", "?",
            ":", ":=", ";", ",", "function", "<s>", "/a/", "'x'", "1", "*", "**", "-", "and", "in", "`b`", "/*", "*/", "\u{e9}"]),
        0..24), data in value()) {
        let text = tokens.concat();
        evaluate(&text, &data, &Options::standard());
    }

    #[test]
    fn an_evaluation_repeats(text in support::grammar::expression(), data in value()) {
        let options = Options::standard();
        prop_assert_eq!(evaluate(&text, &data, &options), evaluate(&text, &data, &options));
    }

    #[test]
    fn the_input_is_the_input(data in value()) {
        let expression = Expression::compile("$", &Options::standard()).unwrap();
        let outcome = expression.evaluate(Some(&data), &Map::new(), &Environment::default()).unwrap();
        prop_assert_eq!(stringify(&outcome.into_value().unwrap()), stringify(&data));
    }

    #[test]
    fn numbers_read_back(number in any::<f64>()) {
        prop_assume!(number.is_finite());
        prop_assert_eq!(number_text(number).parse::<f64>().unwrap(), number);
    }
}
