use super::*;

/// A module with some signals, and a body.
fn module(body: &str) -> String {
    format!(
        "module m(clock,a,b,s,t,f);\n    input wire clock;\n    input wire [15:0] a;\n    input wire [15:0] b;\n    input wire \
         signed [31:0] s;\n    input wire signed [31:0] t;\n    input wire f;\n    output reg [15:0] x;\n    output reg [31:0] \
         wide;\n    output reg signed [31:0] y;\n    output reg z;\n{body}\nendmodule // m\n"
    )
}

fn finding(body: &str) -> String {
    check(&module(body)).expect_err(body).to_string()
}

#[test]
fn what_means_one_thing_passes() {
    for body in [
        "localparam signed [31:0] floor = 32'shfffffe00;\nalways @(*) z = s < floor;",
        "always @(*) y = s - t;",
        "always @(*) y = (s >>> 7) + (s >>> 9);",
        "always @(*) y = {{18{s[13]}}, s[13:0]};",
        "always @(*) x = a + 32'h1;",
        "always @(*) z = ((a - b) & 16'h7) >= b;",
        "always @(*) wide = (((a >> 16'h3) & 16'h7) & 32'hffffffff) << 32'h2;",
        "always @(*) begin if (~f && (a == 16'h1)) begin x = a[(32'h2)+:(4)]; end else x = b; end",
        "always @(*) case (a)\n 16'h1:\n begin x = b; end\n default: x = a;\nendcase",
        "initial x = 16'h0;\nalways @(posedge clock) x <= a;",
        "(* ram_style = \"block\", no_rw_check *)\nreg [3:0] memory [0:7];\nreg [3:0] word;\ninteger row;\ninitial begin\nfor (row \
         = 0; row < 8; row = row + 1) memory[row] = 4'h0;\nend\nalways @(posedge clock) begin\nword <= memory[a[2:0]];\nif (f) \
         memory[b[2:0]] <= {a[3:0]};\nend",
        "wire [3:0] used = a[3:0];\nalways @(*) z = |used;",
    ] {
        check(&module(body)).unwrap_or_else(|error| panic!("{body}: {error}"));
    }
}

#[test]
fn what_could_mean_two_things_is_refused() {
    for (body, wanted) in [
        (
            "localparam signed floor = 32'hfffffe00;",
            "constant `floor` has no range",
        ),
        (
            "localparam signed [31:0] floor = 32'hfffffe00;",
            "constant `floor` and its value differ in width or sign",
        ),
        (
            "localparam [31:0] floor = 31'h0;",
            "constant `floor` and its value differ in width or sign",
        ),
        (
            "always @(*) z = s < 32'hfffffe00;",
            "`<` of a signed and an unsigned number",
        ),
        (
            "always @(*) y = s + 32'h1;",
            "`+` of a signed and an unsigned number",
        ),
        (
            "always @(*) z = s[15:0] > t;",
            "`>` of a signed and an unsigned number",
        ),
        ("always @(*) z = a == 1;", "`==` of a number without a size"),
        (
            "always @(*) x = {a[7:0], 1};",
            "a number without a size in a concatenation",
        ),
        ("always @(*) y = s >> 32'h3;", "`>>` of a number that is signed"),
        (
            "always @(*) x = a >>> 16'h3;",
            "`>>>` of a number that is unsigned",
        ),
        ("always @(*) x = a << s;", "`<<` by a signed number"),
        ("always @(*) z = a[s];", "`a` is indexed by a signed number"),
        (
            "always @(*) z = (a + b) == 32'h10000;",
            "compares a sum, a shift or an inversion in more bits",
        ),
        (
            "always @(*) z = (~f) == a;",
            "compares a sum, a shift or an inversion in more bits",
        ),
        (
            "always @(*) wide = a + b;",
            "wider than the sum, shift or inversion",
        ),
        (
            "always @(*) wide = a << 16'h3;",
            "wider than the sum, shift or inversion",
        ),
        (
            "always @(*) wide = s[3:0] - a;",
            "wider than the sum, shift or inversion",
        ),
        ("always @(*) if (~a) z = f;", "a condition of more than one bit"),
        ("always @(*) z = a && f;", "a condition of more than one bit"),
        ("always @(*) y = s[3:0];", "one of them is signed"),
        (
            "always @(posedge clock) x <= a;",
            "register `x` has no value at power-up",
        ),
        (
            "reg [3:0] memory [0:7];\nreg [3:0] word;\nalways @(posedge clock) word <= memory[a[2:0]];",
            "says neither how it is built",
        ),
        ("always @(posedge clock) x = a;", "`x` must be set by `<=`"),
        ("always @(*) x <= a;", "`x` must be set by `=`"),
        ("always @(*) x = (1 << a);", "`<<` of a number without a size"),
        ("always @(*) x = -a;", "`-` of an unsigned number"),
        ("always @(*) x = 16'h-2;", "unknown number"),
        ("always @(*) x = q;", "`q` is not declared"),
    ] {
        let found = finding(body);
        assert!(found.contains(wanted), "{body}: {found}");
    }
}

#[test]
fn a_finding_names_its_line() {
    let found = finding("    always @(*) z = s < 32'h2;");
    assert!(found.contains("line 12: `<` of a signed"), "{found}");
    assert!(found.contains("`always @(*) z = s < 32'h2;`"), "{found}");
}

#[test]
fn a_module_without_contents_is_refused() {
    for body in ["", "localparam [3:0] limit = 4'h7;"] {
        assert!(finding(body).contains("a module without contents"), "{body}");
    }
}
