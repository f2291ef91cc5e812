/** The fold under the picture that holds the log; the table itself comes when it is first opened. */
import { html, on } from './elements.js';

export class Log {
  /** `options` are EventTable's. */
  constructor(host, options) {
    this.box = html(host, 'details', { class: 'k-log' });
    html(this.box, 'summary', {}, 'Журнал событий');
    on(this.box, 'toggle', async () => {
      const { EventTable } = await import('./table.js');
      this.table ??= new EventTable(this.box, options);
      this.draw(this.run, this.t);
    });
  }

  draw(run, t) {
    Object.assign(this, { run, t });
    if (this.box.open) this.table?.draw(run, t);
  }

  clear() {
    this.table?.clear();
  }
}
