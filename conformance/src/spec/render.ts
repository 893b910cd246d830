import type { StatedRule, Suite } from './suites.ts'

const levels: Readonly<Record<StatedRule['level'], string>> = {
  required: 'An adapter that fails it is broken.',
  provisional: 'New: it runs and is reported, and fails nothing until the next major version.',
  stress: 'Runs when asked for, with repetitions.',
  fault: 'Needs a harness that can disturb the server.',
}

/** The page of one contract. */
export function renderSuite(suite: Suite): string {
  const groups = Map.groupBy(suite.rules, ({ id }) => id.split('/')[0] ?? id)
  const sections = [...groups].map(([operation, rules]) => [`## ${operation}`, ...rules.map(renderRule)].join('\n\n'))
  const used = Object.entries(levels).filter(([level]) => suite.rules.some((rule) => rule.level === level))
  return `${[
    '<!-- Generated from the rules by `npm run docs:spec`. Change the rules instead. -->',
    `# ${suite.title}`,
    suite.introduction,
    `${suite.rules.length} rules. Ids are stable; each rule is verified by \`@waybill/conformance\`.`,
    used.map(([level, meaning]) => `- **${level}**: ${meaning}`).join('\n'),
    ...sections,
  ].join('\n\n')}\n`
}

function renderRule(rule: StatedRule): string {
  const needs = (rule.requires ?? []).map(({ name }) => name)
  return [
    `### ${rule.id}`,
    rule.statement,
    `*Why:* ${rule.intent}`,
    `*Level:* ${rule.level}${needs.length > 0 ? `. *Needs:* ${needs.join('; ')}` : ''}`,
  ].join('\n\n')
}
