import type { Mermaid } from 'mermaid'
import { useData, withBase } from 'vitepress'
import { defineComponent, h, onMounted, ref, watch } from 'vue'

/** Put there by site/assemble.ts. */
const bundle = '/mermaid/mermaid.esm.min.mjs'

let drawn = 0

/** Draws a diagram when the page is shown, and again when the reader changes between light and dark. */
export const MermaidDiagram = defineComponent({
  name: 'MermaidDiagram',
  props: { code: { type: String, required: true } },
  setup: (props) => {
    const { isDark } = useData()
    const svg = ref('')
    const draw = async (): Promise<void> => {
      const { default: mermaid } = (await import(/* @vite-ignore */ withBase(bundle))) as { default: Mermaid }
      mermaid.initialize({ startOnLoad: false, theme: isDark.value ? 'dark' : 'neutral', fontFamily: 'inherit' })
      drawn += 1
      svg.value = (await mermaid.render(`diagram-${drawn}`, decodeURIComponent(props.code))).svg
    }
    onMounted(draw)
    watch(isDark, draw)
    return () => h('div', { class: 'diagram', innerHTML: svg.value })
  },
})
