import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig } from "vite";

const EARLY = "early";

// Who may not come to the console gets none of its files either: they lie below its own path.
// What the portal has as well lies there, where more people may come.
function named(kind) {
	return ({ name, moduleIds }) => {
		const isAdmin = moduleIds.some((module) => module.includes("/src/admin/"));
		const isPortal = moduleIds.some((module) => module.includes("/src/portal/"));
		return `${isAdmin ? "admin" : "portal"}/assets/${isAdmin || isPortal || name === EARLY ? name : "shared"}-[hash].${kind}`;
	};
}

function asset({ names }) {
	const [, name, ending] = /^(.*)(\.\w+)$/.exec(names[0]);
	if (ending !== ".css") return `portal/assets/${name}-[hash]${ending}`;
	return `${name === "admin" ? "admin" : "portal"}/assets/${["admin", "portal"].includes(name) ? name : "shared"}-[hash].css`;
}

// The server sends what lies beside a file, and compresses nothing itself. This comes after all that
// changes a file.
const compressed = {
	name: "compressed",
	generateBundle: {
		order: "post",
		handler(_, bundle) {
			for (const [fileName, file] of Object.entries(bundle)) {
				const bytes = Buffer.from(file.type === "chunk" ? file.code : file.source);
				const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
				this.emitFile({ type: "asset", fileName: `${fileName}.gz`, source: gzipSync(bytes, { level: 9 }) });
				this.emitFile({ type: "asset", fileName: `${fileName}.br`, source: brotliCompressSync(bytes, { params }) });
			}
		},
	},
};

// All words stand in one object. Each section of it becomes a module, so that a page is sent with its own
// words, and not with those of all others before it can be used.
const sections = new Map();
const words = {
	name: "words",
	resolveId: (id) => (sections.has(id) ? { id, moduleSideEffects: false } : null),
	load: (id) => sections.get(id),
	transform(code, id) {
		if (!id.endsWith("/src/text.ts")) return null;
		const sliced = ({ start, end }) => code.slice(start, end);
		const { body } = this.parse(code);
		const whole = body.find(({ declaration }) => declaration?.declarations?.[0].id.name === "text");
		const helpers = body.filter((part) => part !== whole).map(sliced).join("\n");
		const { properties } = whole.declaration.declarations[0].init;
		for (const { key, value } of properties)
			sections.set(`words:${key.name}`, `${helpers}\nconst section = ${sliced(value)};\nexport { section as ${key.name} };`);
		sections.set("words:", properties.map(({ key: { name } }) => `export { ${name} } from "words:${name}";`).join("\n"));
		return { code: 'export * as text from "words:";', map: null, moduleSideEffects: false };
	},
};

// What asks early runs as soon as it is there, before the others have come, which wait for each other.
const early = {
	name: "early",
	transformIndexHtml: {
		order: "post",
		handler: (html) => html.replace(/<link rel="modulepreload" crossorigin href="(\/portal\/assets\/early-[^"]+)">/,
			'<script type="module" async crossorigin fetchpriority="high" src="$1"></script>'),
	},
};

export default defineConfig({
	appType: "mpa",
	esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
	plugins: [words, early, compressed],
	build: {
		target: "es2022",
		assetsInlineLimit: 0, // the policy of our pages knows no data: but for pictures
		modulePreload: { polyfill: false },
		reportCompressedSize: false,
		rollupOptions: {
			input: ["portal.html", "admin.html"],
			output: { manualChunks: (id) => (id.endsWith("/src/api/early.ts") ? EARLY : undefined), entryFileNames: named("js"), chunkFileNames: named("js"), assetFileNames: asset },
		},
	},
});
