// What is dangerous in rendered markdown, told from the elements themselves: (root) => [finding].
root => {
    const harmless = new Set(('p h1 h2 h3 h4 h5 h6 em strong del pre code ul ol li blockquote table'
        + ' thead tbody tr th td a img br hr sub sup kbd span div input').split(' '));
    const attributes = new Set(['href', 'title', 'src', 'alt', 'class', 'id', 'start', 'align',
        'type', 'disabled', 'checked', 'target', 'rel', 'data-jupyter-id', 'style']);
    const findings = [];
    const check = element => {
        const name = element.localName;
        if (!harmless.has(name)) { findings.push(`<${name}>`); }
        for (const { name: key, value } of element.attributes) {
            const found = `${name} ${key}=${value.slice(0, 80)}`;
            if (!attributes.has(key)) { findings.push(found); }
            if (key === 'style' && !/^text-align: ?(left|right|center);?$/.test(value)) { findings.push(found); }
            if (key === 'class' && !/^[\w+#.\-\u0370-\u03ff ]*$/.test(value)) { findings.push(found); }
            if (key === 'class' && /\b(lm|jp)-(?!InternalAnchorLink)/.test(value)) { findings.push(found); }
            if (key === 'type' && value !== 'checkbox') { findings.push(found); }
            if (key === 'src' && !/^data:image\/(png|jpeg|gif|webp);base64,/.test(value)) { findings.push(found); }
            if (key === 'href' && !['http:', 'https:', 'ftp:', 'mailto:'].includes(element.protocol)) {
                findings.push(found);
            }
        }
    };
    const walk = element => {
        for (const child of element.children) {
            // The work of MathJax and Mermaid has elements and styles of its own.
            const drawn = child.localName === 'mjx-container' || child.classList.contains('jp-RenderedMermaid');
            if (!drawn) { check(child); walk(child); continue; }
            for (const inner of child.querySelectorAll('*')) {
                const acts = [...inner.attributes].some(a => a.name.startsWith('on') || a.name === 'href');
                if (acts || ['script', 'iframe', 'form', 'a'].includes(inner.localName)) { findings.push(inner.outerHTML); }
            }
        }
    };
    walk(root);
    return findings;
}
