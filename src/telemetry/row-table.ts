/** Rows found by their labels. A row keeps its place for good; `rows` is in order of first appearance. */
export class RowTable<Row> {
  readonly rows: Row[] = [];
  readonly #placeByKey = new Map<string, number>();

  /** The place of the row with these labels, made on first sight. */
  place(labels: readonly string[], make: () => Row): number {
    const key = labels.join('\0');
    const known = this.#placeByKey.get(key);
    if (known !== undefined) return known;
    const place = this.rows.length;
    this.#placeByKey.set(key, place);
    this.rows.push(make());
    return place;
  }
}
