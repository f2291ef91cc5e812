/** 24 × 24 line icons, as SVG paths. */
export const ICONS = {
  client: 'M4 5h16v11H4zM9 20h6M12 16v4',
  server: 'M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01',
  play: 'M8 5.5v13l10.5-6.5z',
  pause: 'M8.5 5.5v13M15.5 5.5v13',
  stop: 'M6.5 6.5h11v11h-11z',
  previous: 'M20 12H8M12.5 7 7.5 12l5 5M4 5v14',
  next: 'M4 12h12M11.5 7l5 5-5 5M20 5v14',
  step: 'M6 6v12l8-6zM18 6v12',
  link: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.5 1.5M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.5-1.5',
  fork: 'M6 4v4a4 4 0 0 0 4 4h4a4 4 0 0 1 4 4v4M6 8v12M14 17l4 4 4-4',
};
