// Pages that are fetched when they are first gone to.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { text } from "./text";
import { Head } from "./ui/page";
import { Button, Notice, Waiting } from "./ui/parts";

type Page = () => JSX.Element;

function Failed() {
	return (
		<div class="stack">
			<Head title={text.problem.title} />
			<Notice kind="bad">
				<p>{text.problem.page}</p>
				<p><Button onClick={() => location.reload()}>{text.reload}</Button></p>
			</Notice>
		</div>
	);
}

export function lazily(fetchPage: () => Promise<Page>): Page {
	let fetched: Page | undefined;
	return function Lazy() {
		const [page, set] = useState(() => fetched);
		const [failed, fail] = useState(false);
		useEffect(() => {
			if (page || failed) return;
			fetchPage().then((it) => {
				fetched = it;
				set(() => it);
			}, () => fail(true));
		}, [failed]);
		if (page) {
			const There = page;
			return <There />;
		}
		// A server of another version has other files: only the whole page anew helps then.
		return failed ? <Failed /> : <Waiting />;
	};
}
