// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT
//
// Sets the formulas of a site, which Doxygen leaves as \(...\) and \[...\], by KaTeX: node formulas.js KATEX SITE.
// Fails on one that KaTeX does not understand.
"use strict";
const fs = require("fs");
const path = require("path");
const [katex, site] = [require(process.argv[2]), process.argv[3]];

const code = /(<pre[^]*?<\/pre>|<div class="fragment">[^]*?<\/div><!-- fragment -->|<code>[^]*?<\/code>|<script[^]*?<\/script>)/;
const plain = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#39;": "'" };
let set = 0;
let failed = 0;

function formula(file, text, displayMode) {
    const tex = text.replace(/&(lt|gt|amp|quot|#39);/g, (entity) => plain[entity]);
    try {
        ++set;
        return katex.renderToString(tex, { displayMode, throwOnError: true, strict: "ignore" });
    } catch (error) {
        ++failed;
        console.error(`${file}: ${error.message}`);
        return text;
    }
}

for (const name of fs.readdirSync(site).filter((entry) => entry.endsWith(".html"))) {
    const file = path.join(site, name);
    const parts = fs.readFileSync(file, "utf8").split(code);
    const html = parts.map((part, i) => i % 2 ? part :
        part.replace(/\\\[([^]*?)\\\]/g, (_, tex) => formula(name, tex, true))
            .replace(/\\\(([^]*?)\\\)/g, (_, tex) => formula(name, tex, false)));
    fs.writeFileSync(file, html.join(""));
}
console.error(`${set} formulas`);
process.exit(failed === 0 && set > 100 ? 0 : 1);
