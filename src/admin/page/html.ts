/** Markup that is safe to send: texts in it were escaped. Only `html` makes it. */
export class Html {
  readonly html: string;
  constructor(html: string) {
    this.html = html;
  }
}

type Part = Html | string | number | readonly Html[];

/** A template whose every inserted text is escaped, in content and in quoted attributes; `Html` goes in as it is. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = literals[0]!;
  for (let at = 0; at < parts.length; at++) text += markup(parts[at]!) + literals[at + 1]!;
  return new Html(text);
}

function markup(part: Part): string {
  if (part instanceof Html) return part.html;
  if (typeof part === 'object') return part.map((one) => one.html).join('');
  return escapeHtml(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
