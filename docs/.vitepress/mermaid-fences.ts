import type { MarkdownOptions } from 'vitepress'

type Markdown = Parameters<NonNullable<MarkdownOptions['config']>>[0]

/** Blocks of the language `mermaid` become diagrams, drawn in the browser by the component of the theme. */
export function mermaidFences(markdown: Markdown): void {
  const renderFence = markdown.renderer.rules.fence
  markdown.renderer.rules.fence = (...parameters) => {
    const [tokens, index] = parameters
    const token = tokens[index]
    if (token?.info.trim() === 'mermaid') return `<MermaidDiagram code="${encodeURIComponent(token.content)}" />\n`
    return renderFence?.(...parameters) ?? ''
  }
}
