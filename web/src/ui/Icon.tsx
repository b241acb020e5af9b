// Pictures beside words, never instead of them: 20 by 20, in the colour of the text.
const paths = {
	alert: "M10 3 18 17H2zM10 8v4M10 14.5v.01",
	android: "M5 9a5 5 0 0 1 10 0v6H5zM6 3l1.5 2.2M14 3l-1.5 2.2M8 8v.01M12 8v.01",
	arrow: "M12 4 6 10l6 6",
	audit: "M5 2.5h10v15H5zM7.5 6.5h5M7.5 10h5M7.5 13.5h3",
	ban: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15M4.7 4.7l10.6 10.6",
	branches: "M5 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4M5 17.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4M15 10.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4M5 6.5v7M7 15.5c4 0 6-1.5 7.3-5",
	check: "m4 10.5 4 4 8-9",
	close: "m5 5 10 10M15 5 5 15",
	code: "M7 6 3 10l4 4M13 6l4 4-4 4",
	copy: "M7 7h9v9H7zM13 7V4H4v9h3",
	desktop: "M2.5 4h15v9.5h-15zM7 17h6M10 13.5V17",
	download: "M10 3v9m-4-4 4 4 4-4M4 16h12",
	gauge: "M3 14a7 7 0 1 1 14 0M10 14l3.5-4.5",
	gear: "M3 6h8M15 6h2M3 14h2M9 14h8M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4M7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4",
	globe: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15M2.5 10h15M10 2.5c5 5 5 10 0 15-5-5-5-10 0-15",
	key: "M13 10.5a3.7 3.7 0 1 0-3.5-2.5L3 14.5V17h3v-2h2v-2l2.5-2.9A3.7 3.7 0 0 0 13 10.5M13.5 6.5v.01",
	laptop: "M4 4.5h12V13H4zM2 16h16",
	link: "M8.5 11.5a3 3 0 0 0 4.2 0l2.6-2.6a3 3 0 0 0-4.2-4.2l-1 1M11.5 8.5a3 3 0 0 0-4.2 0l-2.6 2.6a3 3 0 0 0 4.2 4.2l1-1",
	mail: "M2.5 4.5h15v11h-15zM3 5l7 6 7-6",
	menu: "M3 5.5h14M3 10h14M3 14.5h14",
	people: "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2 17c0-3 2.2-5 5.5-5s5.5 2 5.5 5M13 4a2.8 2.8 0 0 1 0 5.4M15 12.4c1.9.7 3 2.4 3 4.6",
	phone: "M6 2.5h8v15H6zM9 15h2",
	plus: "M10 4v12M4 10h12",
	pulse: "M2 10h4l2.5-6 3.5 12 2.5-6H18",
	refresh: "M16 6.5A7 7 0 1 0 17 10M16.5 3v4h-4",
	search: "M8.5 14a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11M13 13l4 4",
	shield: "M10 2.5 16.5 5v4.5c0 4-2.7 6.7-6.5 8-3.8-1.3-6.5-4-6.5-8V5z",
	terminal: "M2.5 4h15v12.5h-15zM5.5 8l2.5 2-2.5 2M10 12.5h4",
	upload: "M10 12V3m-4 4 4-4 4 4M4 16h12",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
	return (
		<svg width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.7"
			stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
			<path d={paths[name]} />
		</svg>
	);
}
