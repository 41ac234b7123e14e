import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState, type KeyboardEvent } from 'react';
import type { TemplateInfo } from '../state/contract';
import { searchCatalog } from '../state/search';
import { DESIGNER_IDS } from '../testids';
import { EMPTY } from './emptyTemplate';
import classes from './Templates.module.css';

interface TemplateListProps {
  templates: readonly TemplateInfo[];
  chosen: string;
  onChoose: (id: string) => void;
}

/** What a network can begin with, by what it is for. Arrow keys go through it, also while typing. */
export function TemplateList({ templates, chosen, onChoose }: TemplateListProps) {
  const [query, setQuery] = useState('');
  // Until something is picked by hand, what was typed means the best that fits, also of those
  // templates that come in later.
  const [isFollowing, setFollowing] = useState(false);
  const found = searchTemplates(templates, query);
  const families = byFamily(found);
  const inOrder = families.flatMap(([, members]) => members);
  // Where nothing matches, nothing is chosen.
  const best = found[0]?.id ?? '';
  useEffect(() => {
    if (isFollowing && best !== chosen) onChoose(best);
  }, [isFollowing, best, chosen, onChoose]);
  const search = (text: string): void => {
    setQuery(text);
    setFollowing(text.trim() !== '');
  };
  const pick = (id: string): void => {
    setFollowing(false);
    onChoose(id);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const at = inOrder.findIndex(({ id }) => id === chosen);
    const next = inOrder[Math.max(0, Math.min(at + step, inOrder.length - 1))];
    if (next !== undefined) pick(next.id);
  };
  return (
    <div className={classes.choice}>
      <TextInput
        value={query}
        data-autofocus
        placeholder="Search templates"
        aria-label="Search templates"
        leftSection={<IconSearch size={14} />}
        data-testid={DESIGNER_IDS.newTemplateSearch}
        onChange={(event) => search(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div className={classes.list} role="radiogroup" aria-label="Start from">
        {families.map(([family, members]) => (
          <section key={family} aria-label={family}>
            <h3 className={classes.family}>{family}</h3>
            {members.map((template) => (
              <TemplateOption
                key={template.id}
                template={template}
                isChosen={template.id === chosen}
                onChoose={() => pick(template.id)}
              />
            ))}
          </section>
        ))}
        {found.length === 0 && <p className={classes.none}>No template matches “{query}”.</p>}
      </div>
    </div>
  );
}

function searchTemplates(templates: readonly TemplateInfo[], query: string): TemplateInfo[] {
  const options = templates.map((template) => ({
    ...template,
    type: template.id,
    category: template.family,
    aliases: template.id === EMPTY.id ? ['blank', 'nothing'] : [template.task],
  }));
  return searchCatalog(options, query);
}

/** Families in the order of their best member. */
function byFamily(templates: readonly TemplateInfo[]): [string, TemplateInfo[]][] {
  const families = new Map<string, TemplateInfo[]>();
  for (const template of templates) {
    families.set(template.family, [...(families.get(template.family) ?? []), template]);
  }
  return [...families];
}

interface TemplateOptionProps {
  template: TemplateInfo;
  isChosen: boolean;
  onChoose: () => void;
}

function TemplateOption({ template, isChosen, onChoose }: TemplateOptionProps) {
  const { id, title, summary, can_train: canTrain } = template;
  return (
    <label
      className={classes.option}
      data-chosen={isChosen || undefined}
      ref={isChosen ? scrollTo : undefined}
    >
      <input
        type="radio"
        name="template"
        value={id}
        checked={isChosen}
        data-testid={DESIGNER_IDS.newTemplate(id)}
        onChange={onChoose}
      />
      <span>
        <span className={classes.title}>
          {title}
          {!canTrain && <span className={classes.mark}>not trained yet</span>}
        </span>
        <span className={classes.text}>{summary}</span>
      </span>
    </label>
  );
}

function scrollTo(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}
