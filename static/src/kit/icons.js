/** 24 × 24 line icons, as SVG paths. */
export const ICONS = {
  client: 'M4 5h16v11H4zM9 20h6M12 16v4',
  server: 'M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01',
  play: 'M8 5.5v13l10.5-6.5z',
  pause: 'M8.5 5.5v13M15.5 5.5v13',
  previous: 'M20 12H8M12.5 7 7.5 12l5 5M4 5v14',
  next: 'M4 12h12M11.5 7l5 5-5 5M20 5v14',
  step: 'M6 6v12l8-6zM18 6v12',
};
