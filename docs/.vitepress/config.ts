import { defineConfig, type UserConfig } from 'vitepress'
import { anchorOf } from '../site/markdown.ts'
import { repositoryUrl } from '../site/repository.ts'
import { mermaidFences } from './mermaid-fences.ts'
import { navigation, sidebar } from './sidebar.ts'

const config: UserConfig = defineConfig({
  title: 'Waybill',
  description: 'Transactional outbox and inbox for TypeScript',
  lang: 'en',
  base: process.env['WAYBILL_DOCS_BASE'] ?? '/',
  srcDir: '.site',
  cleanUrls: true,
  markdown: {
    anchor: { slugify: anchorOf },
    config: (markdown) => mermaidFences(markdown),
    theme: { light: 'github-light', dark: 'github-dark' },
  },
  // A page of the API or of the schema is long; nobody waits for one chunk of it.
  vite: { build: { chunkSizeWarningLimit: 4096 }, logLevel: 'warn' },
  head: [['link', { rel: 'icon', href: 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>' }]],
  themeConfig: {
    search: { provider: 'local' },
    nav: navigation,
    sidebar: sidebar(),
    outline: { level: [2, 3] },
    socialLinks: [{ icon: 'github', link: repositoryUrl }],
    docFooter: { prev: 'Before', next: 'Next' },
  },
})

export default config
