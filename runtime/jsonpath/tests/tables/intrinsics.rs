//! The 18 intrinsic functions. `two` and `three` take their arguments from `$.a`, `$.b` and `$.c`, as the recorded
//! cases do.

use crate::support::{check, check_parses, check_refused, check_syntax, evaluate};
use stepwell_jsonpath::{Expression, Function};

#[track_caller]
fn two(function: &str, a: &str, b: &str, expected: &str) {
    let input = format!(r#"{{"a":{a},"b":{b}}}"#);
    check(&input, &format!("States.{function}($.a, $.b)"), expected);
}

#[track_caller]
fn three(function: &str, [a, b, c]: [&str; 3], expected: &str) {
    let input = format!(r#"{{"a":{a},"b":{b},"c":{c}}}"#);
    check(&input, &format!("States.{function}($.a, $.b, $.c)"), expected);
}

#[track_caller]
fn one(function: &str, a: &str, expected: &str) {
    check(a, &format!("States.{function}($)"), expected);
}

/// `Invalid arguments in States.X`, without more.
#[track_caller]
fn refused(input: &str, expression: &str) {
    let name = expression.split('(').next().unwrap();
    check_refused(input, expression, &format!("Invalid arguments in {name}"));
}

/// Recorded: array.array_0, array.array_2.
#[test]
fn array() {
    check("{}", "States.Array()", "[]");
    for value in ["\"\"", "\" \"", "\"HelloWorld\"", "null", "1", "1.1", r#"{"Arg1":1,"Arg2":[]}"#] {
        two("Array", value, value, &format!("[{value},{value}]"));
    }
    check(r#"{"j":{"r":1}}"#, "States.Array('Foo', 2020, $.j, null)", r#"["Foo",2020,{"r":1},null]"#);
    check("{}", "States.Array(true, false, -1.5, 'it\\'s')", r#"[true,false,-1.5,"it's"]"#);
}

/// Recorded: array.array_partition.
#[test]
fn array_partition() {
    for size in ["1", "2", "5"] {
        two("ArrayPartition", "[]", size, "[]");
    }
    two("ArrayPartition", "[0]", "3", "[[0]]");
    two("ArrayPartition", "[0,1]", "1", "[[0],[1]]");
    two("ArrayPartition", "[0,1,2]", "2", "[[0,1],[2]]");
    two("ArrayPartition", "[0,1,2,3]", "3", "[[0,1,2],[3]]");
    two("ArrayPartition", "[0,1,2,3]", "2147483647", "[[0,1,2,3]]");
    two("ArrayPartition", "[1,2,3,4,5]", "2.6", "[[1,2],[3,4],[5]]");
    for size in ["0", "-1", "0.6", "'2'", "null"] {
        refused("[1]", &format!("States.ArrayPartition($, {size})"));
    }
    refused("{}", "States.ArrayPartition('no', 2)");
}

/// Recorded: array.array_contains.
#[test]
fn array_contains() {
    two("ArrayContains", "[]", "null", "false");
    two("ArrayContains", "[]", "[]", "false");
    two("ArrayContains", "[]", "1", "false");
    two("ArrayContains", "[[1,2,3],2]", "null", "false");
    two("ArrayContains", "[[1,2,3],2]", "[1,2,3]", "true");
    two("ArrayContains", r#"[{"1":2,"2":[]}]"#, "[]", "false");
    two("ArrayContains", r#"[{"1":2,"2":[]}]"#, r#"{"1":2,"2":[]}"#, "true");
    two("ArrayContains", "[true,false]", "true", "true");
    two("ArrayContains", "[true,false]", "false", "true");
    two("ArrayContains", "[0,1]", "false", "false");
    refused("{}", "States.ArrayContains('x', 'x')");
}

/// Seen on AWS: what prints alike is the same.
#[test]
fn array_contains_compares_texts() {
    two("ArrayContains", r#"["9007199254740991"]"#, "9007199254740991", "true");
    two("ArrayContains", "[1]", r#""1""#, "true");
    two("ArrayContains", r#"["true"]"#, "true", "true");
    two("ArrayContains", r#"[{"a":1,"b":2}]"#, r#"{"b":2,"a":1}"#, "false");
}

/// Recorded: array.array_range.
#[test]
fn array_range() {
    three("ArrayRange", ["0", "9", "3"], "[0,3,6,9]");
    three("ArrayRange", ["0", "10", "3"], "[0,3,6,9]");
    three("ArrayRange", ["1", "9", "9"], "[1]");
    three("ArrayRange", ["1", "9", "2"], "[1,3,5,7,9]");
    three("ArrayRange", ["5", "1", "-2"], "[5,3,1]");
    three("ArrayRange", ["3", "3", "-1"], "[3]");
    three("ArrayRange", ["5", "1", "1"], "[]");
    three("ArrayRange", ["1.4", "5.6", "2.2"], "[1,3,5]");
    three("ArrayRange", ["1.6", "1.4", "1"], "[1]");
    three("ArrayRange", ["5.4", "-0.6", "-2.4"], "[5,3,1]");
    assert!(evaluate("{}", "States.ArrayRange(1, 1000, 1)").is_ok());
    for arguments in ["1, 1001, 1", "1001, 1, -1", "1, 10, 0", "1, 10, 0.49", "'a', 5, 1", "1, 5, null"] {
        refused("{}", &format!("States.ArrayRange({arguments})"));
    }
}

#[test]
fn array_get_item_and_length() {
    two("ArrayGetItem", r#"["a","b"]"#, "1", r#""b""#);
    two("ArrayGetItem", "[10,20,30]", "1.2", "20");
    two("ArrayGetItem", "[]", "999", "null");
    for arguments in ["$, 3", "$, -1", "$, '1'", "'no', 0"] {
        refused("[10,20,30]", &format!("States.ArrayGetItem({arguments})"));
    }
    one("ArrayLength", "[1,2,3]", "3");
    one("ArrayLength", "[]", "0");
    refused("{}", "States.ArrayLength($)");
}

#[test]
fn array_unique() {
    one("ArrayUnique", "[1,2,3,3,3,4]", "[1,2,3,4]");
    one("ArrayUnique", r#"["a","b","a","c","b"]"#, r#"["a","b","c"]"#);
    one("ArrayUnique", "[null,null,1,null]", "[null,1]");
    one("ArrayUnique", r#"[1,"1","01"]"#, r#"[1,"1","01"]"#);
    one("ArrayUnique", r#"[{"a":1,"b":2},{"b":2,"a":1}]"#, r#"[{"a":1,"b":2}]"#);
    one("ArrayUnique", "[[1,2],[1,2],[2,1],[[1],2]]", "[[1,2],[2,1],[[1],2]]");
    refused("{}", "States.ArrayUnique($)");
}

/// Recorded: encode_decode.base_64_encode, encode_decode.base_64_decode.
#[test]
fn base64() {
    one("Base64Encode", "\"\"", "\"\"");
    one("Base64Encode", "\"Data to encode\"", "\"RGF0YSB0byBlbmNvZGU=\"");
    one("Base64Decode", "\"\"", "\"\"");
    one("Base64Decode", "\"RGF0YSB0byBlbmNvZGU=\"", "\"Data to encode\"");
    one("Base64Decode", "\"44GT44KT44Gr44Gh44Gv\"", "\"こんにちは\"");
    one("Base64Decode", "\"YWJjAGRlZg==\"", r#""abc\u0000def""#);
    refused("{}", "States.Base64Decode(123)");
    refused("{}", "States.Base64Encode($)");
}

/// Seen on AWS: neither padding nor foreign characters matter.
#[test]
fn base64_decodes_leniently() {
    one("Base64Decode", "\" YWJjZA== \"", "\"abcd\"");
    one("Base64Decode", "\"YWJjZA\"", "\"abcd\"");
    one("Base64Decode", "\"!YWJj-\"", "\"abc\"");
    one("Base64Decode", "\"_w==\"", "\"\u{fffd}\"");
}

#[test]
fn encoded_texts_have_a_length() {
    let text = |chars: usize| format!("\"{}\"", "é".repeat(chars));
    for function in ["Base64Encode($)", "Base64Decode($)", "Hash($, 'MD5')"] {
        let expression = format!("States.{function}");
        assert!(evaluate(&text(10_000), &expression).is_ok(), "{function}");
        refused(&text(10_001), &expression);
    }
}

/// Recorded: hash_calculations.hash.
#[test]
fn hash() {
    for (algorithm, digest) in [
        ("MD5", "812f45842bc6d66ee14572ce20db8e86"),
        ("SHA-1", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("SHA-256", "b4a697a057313163aee33cd8d40c66e9f0f177e00cac2de32475ffff6169c3e3"),
        (
            "SHA-384",
            "d28a7d5cf25a74f11a50a18452b75e04bb3d70c9dd0510d6123aa008c756511b87525bdc835ebb27e1fb9e9374a15562",
        ),
        (
            "SHA-512",
            "6ce4adb348546d4f449c4d25aad9a7c9cb711d9e91982d3f0b29ca2f3f47d4ce2deba23bf2954f0f1d593fc50283731a\
             533d30d425402d4f91316d871303aac4",
        ),
    ] {
        two("Hash", "\"input data\"", &format!("\"{algorithm}\""), &format!("\"{digest}\""));
    }
    for algorithm in ["'sha-256'", "'SHA256'", "'MD-5'", "''", "123"] {
        refused("{}", &format!("States.Hash('data', {algorithm})"));
    }
}

#[test]
fn json_merge() {
    let merge = |a, b, expected| three("JsonMerge", [a, b, "false"], expected);
    merge(r#"{"x":1,"y":2}"#, r#"{"y":3,"z":4}"#, r#"{"x":1,"y":3,"z":4}"#);
    merge("{}", r#"{"x":1}"#, r#"{"x":1}"#);
    merge(r#"{"n":{"a1":1}}"#, r#"{"n":{"a3":3}}"#, r#"{"n":{"a3":3}}"#);
    refused(r#"{"a":{}}"#, "States.JsonMerge($.a, $.a, true)");
    refused(r#"{"a":null}"#, "States.JsonMerge($, $.a, false)");
    refused(r#"{"a":[]}"#, "States.JsonMerge($.a, $, false)");
}

/// Recorded: json_manipulation.json_to_string.
#[test]
fn json_to_string() {
    for (value, text) in [
        ("null", "null"),
        ("0", "0"),
        ("1.1", "1.1"),
        ("true", "true"),
        ("\"HelloWorld\"", r#"\"HelloWorld\""#),
        ("[1, 2, \"HelloWorld\"]", r#"[1,2,\"HelloWorld\"]"#),
        (r#"{"Arg1": 1, "Arg2": []}"#, r#"{\"Arg1\":1,\"Arg2\":[]}"#),
    ] {
        one("JsonToString", value, &format!("\"{text}\""));
    }
}

/// `data-languages.md`: a blank text is null.
#[test]
fn string_to_json() {
    one("StringToJson", "\"\"", "null");
    one("StringToJson", "\" \"", "null");
    one("StringToJson", r#"" {\"a\": [1.0, 2]} ""#, r#"{"a":[1.0,2]}"#);
    one("StringToJson", "\"true\"", "true");
    check("{}", r#"States.StringToJson('{"text":"in \'quotes\'"}')"#, r#"{"text":"in 'quotes'"}"#);
    for input in ["\"{bad}\"", "\"undefined\"", "123", "[1]", "null"] {
        refused(input, "States.StringToJson($)");
    }
}

/// `data-languages.md`: each argument is floor(x + 0.5).
#[test]
fn math_add() {
    two("MathAdd", "5", "3", "8");
    two("MathAdd", "1.5", "1.51", "4");
    two("MathAdd", "-1.5", "0", "-1");
    two("MathAdd", "-0.5", "0.5", "1");
    two("MathAdd", "1.6", "2.7", "5");
    two("MathAdd", "2147483646", "1", "2147483647");
    for arguments in ["2147483647, 1", "-2147483648, -1", "3000000000, 1", "'1', 1", "null, 1", "true, 1"] {
        refused("{}", &format!("States.MathAdd({arguments})"));
    }
    check("{}", "States.MathAdd(States.MathAdd(States.MathAdd(44, 9), 6), 4.3)", "63");
}

/// Recorded: math_operations.math_random, math_operations.math_random_seeded (the numbers are not compared there).
#[test]
fn math_random() {
    for (start, end) in
        [("12.5", "44.51"), ("9999", "99999"), ("-99999", "-9999"), ("-2147483648", "2147483647")]
    {
        let input = format!(r#"{{"a":{start},"b":{end}}}"#);
        let bound = |text: &str| text.parse::<f64>().unwrap().trunc();
        for call in ["States.MathRandom($.a, $.b)", "States.MathRandom($.a, $.b, 3)"] {
            let number: f64 = evaluate(&input, call).unwrap().parse().unwrap();
            assert!(bound(start) <= number && number < bound(end), "{number}");
        }
    }
    let seeded = |seed: i64| evaluate("{}", &format!("States.MathRandom(0, 999, {seed})"));
    assert_eq!(seeded(3), Ok("113".to_owned()));
    assert_eq!(seeded(3), seeded(3));
    assert_ne!(seeded(3), seeded(4));
    for arguments in ["1, 1", "10, 5", "1.4, 1.6", "'a', 10", "1, 10, 'seed'", "1, 10, null"] {
        refused("{}", &format!("States.MathRandom({arguments})"));
    }
}

/// Recorded: string_operations.string_split, generic.escape_sequence.
#[test]
fn string_split() {
    two("StringSplit", "\" \"", "\",\"", r#"[" "]"#);
    two("StringSplit", "\" , \"", "\",\"", r#"[" "," "]"#);
    two("StringSplit", "\", , ,\"", "\",\"", r#"[" "," "]"#);
    two("StringSplit", "\",,,,\"", "\",\"", "[]");
    two("StringSplit", "\"1,2,3,4,5\"", "\",\"", r#"["1","2","3","4","5"]"#);
    two("StringSplit", "\"This.is+a,test=string\"", "\".+,=\"", r#"["This","is","a","test","string"]"#);
    two("StringSplit", r#""split on T and \nnew line""#, r#""T\n""#, r#"["split on "," and ","new line"]"#);
    two("StringSplit", "\"abc\"", "\"\"", r#"["abc"]"#);
    check("{}", "States.StringSplit('Hello\nWorld', '\n')", r#"["Hello","World"]"#);
    refused("{}", "States.StringSplit(123, ',')");
    refused("{}", "States.StringSplit('a', null)");
}

#[test]
fn uuid() {
    let uuid = evaluate("{}", "States.UUID()").unwrap();
    assert_eq!(uuid, "\"9e3779b9-7f4a-4c15-bc6e-f372fe94f82a\"");
}

/// Recorded: generic.format_1, generic.context_json_path.
#[test]
fn format_prints_as_java_does() {
    for (value, text) in [
        ("\"\"", ""),
        ("\" \"", " "),
        ("\"HelloWorld\"", "HelloWorld"),
        ("null", "null"),
        ("1", "1"),
        ("1.1", "1.1"),
        (r#""{\"Arg1\": 1, \"Arg2\": []}""#, r#"{\"Arg1\": 1, \"Arg2\": []}"#),
        (r#"{"Arg1":1,"Arg2":[]}"#, "{Arg1=1, Arg2=[]}"),
        (r#"["a",{"b":"c"}]"#, "[a, {b=c}]"),
    ] {
        check(
            value,
            "States.Format('Formatting argument {}.', $)",
            &format!("\"Formatting argument {text}.\""),
        );
    }
    check(
        "{}",
        "States.Format('fst={} and snd={}.', $$.Execution.Name, $$.StateMachine)",
        r#""fst=run-1 and snd={Id=arn:2, Name=machine-one}.""#,
    );
}

#[test]
fn format_templates() {
    check("{}", r"States.Format('\{{}\} \\ {}\'s', 1, 'x')", r#""{1} \\ x's""#);
    check(r#"{"t":"Hello {}"}"#, "States.Format($.t, 'Ada')", r#""Hello Ada""#);
    check(r#"{"t":"a\\b \\{{}"}"#, "States.Format($.t, 1)", r#""a\\b {1""#);
    check("{}", "States.Format('none')", r#""none""#);
    let count = "Invalid arguments in States.Format: number of arguments do not match the occurrences of {}.";
    check_refused("{}", "States.Format('{} {}', 1)", count);
    check_refused("{}", "States.Format('{}', 1, 2)", count);
    let brace = "Invalid template in States.Format: matching '}' not found for '{'.";
    check_refused("{}", "States.Format('Hello {', 1)", brace);
    check_refused("{}", "States.Format('Hello {{}}', 1)", brace);
    let brace = "Invalid template in States.Format: matching '{' not found for '}'.";
    check_refused("{}", "States.Format('}')", brace);
    refused("{}", "States.Format(1, 2)");
}

/// Recorded: generic.nested_calls_1.
#[test]
fn calls_nest_to_ten() {
    check("{}", "States.ArrayGetItem(States.StringSplit($$.StateMachine.Name, '-'), 0)", r#""machine""#);
    let nested = |depth: usize| format!("{}1{}", "States.Array(".repeat(depth), ")".repeat(depth));
    check("{}", &nested(10), "[[[[[[[[[[1]]]]]]]]]]");
    check_syntax(&nested(11), "intrinsic functions nested deeper than 10", 130);
}

/// AWS accepts such a definition and fails the state.
#[test]
fn wrong_numbers_of_arguments_fail_when_called() {
    refused("{}", "States.StringToJson()");
    refused("{}", "States.StringToJson('1', '2')");
    refused("{}", "States.MathRandom(1, 10, 5, 99)");
    refused("{}", "States.Format()");
    refused("{}", "States.UUID(1)");
    let doubt = |text: &str| match Expression::parse(text) {
        Ok(Expression::Intrinsic(call)) => call.doubt(),
        other => panic!("{other:?}"),
    };
    let expected = "`States.MathAdd` does not take 1 argument(s); the state will fail";
    assert_eq!(doubt("States.Array(States.MathAdd(1))").as_deref(), Some(expected));
    assert_eq!(doubt("States.Array(States.MathAdd(1, 2))"), None);
}

#[test]
fn every_function_has_its_name() {
    assert_eq!(Function::ALL.len(), 18);
    for function in Function::ALL {
        assert_eq!(Function::named(function.name()), Some(*function));
    }
}

/// Recorded: illegal_escapes.ESCAPE-SEQUENCES-ILLEGAL-INTRINSIC-FUNCTION-2 is refused when created.
#[test]
fn faults_have_their_place() {
    let escape = r"is no escape: `\'`, `\\`, `\{` and `\}` are";
    let illegal = r#"States.Format('He said, \"Hello, {}!\"', 'Test \"Name\" Here')"#;
    check_syntax(illegal, &format!("`\\\"` {escape}"), 25);
    check_syntax(r"States.Base64Decode('YWJj\nZA==')", &format!("`\\n` {escape}"), 26);
    check_syntax("States.Xyz($.result)", "there is no intrinsic function `States.Xyz`", 0);
    check_syntax(
        "States.uuid()",
        "there is no intrinsic function `States.uuid`; did you mean `States.UUID`?",
        0,
    );
    check_syntax("States. ", "there is no intrinsic function `States.`", 0);
    check_syntax(
        "JsonToString($)",
        "expected a path that begins with `$` or an intrinsic function, `States.…`, found `J`",
        0,
    );
    check_syntax("States.JsonToString($", "expected `,` or `)`, found the end", 21);
    check_syntax("States.StringToJson $.escaped)", "expected `(`, found `$`", 20);
    check_syntax(
        "States.Array($.a, )",
        "expected a path, a text in single quotes, a number or a function, found `)`",
        18,
    );
    check_syntax(
        "States.Array(\"a\")",
        "expected a path, a text in single quotes, a number or a function, found `\"`",
        13,
    );
    check_syntax("States.Array(abc)", "`abc` is no argument; a text stands in single quotes", 13);
    check_syntax("States.Array('a", "this text has no end", 13);
    check_syntax("States.MathAdd(1e309, 1)", "this is no number", 15);
    check_syntax("States.UUID() x", "expected the end of the expression, found `x`", 14);
}

#[test]
fn found_in_the_wild() {
    for text in [
        "  States.Format($.template, $.firstName, $.lastName)",
        "States.JsonToString($)    ",
        "States.Format('{}/', States.ArrayGetItem( States.StringSplit($.detail.object.key , '/'), 0))",
        "States.Format('{}_{}',$$.Execution.Name,$['test-batch']['batch_id'])",
        "States.ArrayGetItem($.RecordOutputs[?(@.OutputKey == FizzBuzz)].OutputValue, 0)",
        r#"States.JsonMerge(States.StringToJson($.Body), States.StringToJson('{"NewField": "MyValue" }'), false)"#,
        "States.MathAdd(States.ArrayLength($$.Execution.Input.machines),-1)",
    ] {
        check_parses(text);
    }
}
