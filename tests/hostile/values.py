"""What a hostile name, label, cell or variable may hold."""

# Each runs `touch forged` if a shell or make reads it.
COMMANDS = (
    "$(shell touch forged)", "$$(touch forged)", "`touch forged`", "x'; touch forged; '", 'x"; touch forged; "',
    "x; touch forged", "x\n\ttouch forged\n", "$(eval $(shell touch forged))", "$(file >forged)", "-x --help",
    "x # *\\",
)  # fmt: skip
FORMULAS = (
    '=HYPERLINK("https://example.invalid","x")', "=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1,2)", "\t=1", "\r=1",
    "\n=1", "＝1+1", " =1", '"=1"',
)  # fmt: skip
MARKUP = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</data></td></table>", "</script><script>x()",
    "<!--", "]]>", "&lt;b&gt;&amp;", "' onmouseover='x()", "javascript:x()", "{{ 7 * 7 }}", "{% raw %}",
    "{placeholder}",
    "{}", "{0.__class__}", "%s %d %(x)s", "\\input{/etc/passwd}", "\\write18{touch forged}", "\\\\ \\hline", "$x^2$",
    "% end", "~&_#^", "#let x = 1", '#read("/etc/passwd")', "*bold* _x_ `raw`", "line\nbreak", "tab\there",
)  # fmt: skip
TEXTS = (*COMMANDS, *FORMULAS, *MARKUP)
