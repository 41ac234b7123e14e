import { useLocalStorage } from '@mantine/hooks';
import { IconPhotoOff } from '@tabler/icons-react';
import { useMemo, useState, type KeyboardEvent } from 'react';
import type { Dataset } from '@/api';
import { useSession } from '@/lib';
import { EmptyState, ProblemNotice } from '@/ui';
import type { ItemFilter } from '../api';
import { ItemViewer } from '../viewer/ItemViewer';
import { ClassPanel } from './ClassPanel';
import { FilterBar } from './FilterBar';
import { Gallery } from './Gallery';
import classes from './GalleryTab.module.css';
import { SelectionBar } from './SelectionBar';
import { labelingAction } from './labelingKeys';
import { NOTHING, click, type Selection } from './selection';
import { useGalleryItems } from './useGalleryItems';
import { useLabeling } from './useLabeling';

interface GalleryTabProps {
  dataset: Dataset;
  filter: ItemFilter;
  openItem: string | undefined;
  onFilter: (filter: ItemFilter) => void;
  onOpenItem: (itemId: string | undefined) => void;
}

export function GalleryTab({ dataset, filter, openItem, onFilter, onOpenItem }: GalleryTabProps) {
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const [tileSize, setTileSize] = useLocalStorage({ key: 'netloom.tileSize', defaultValue: 112 });
  const { data: session } = useSession();
  const { items, total, isLoading, error, retry, ensure } = useGalleryItems(dataset.id, filter);
  const labeling = useLabeling(dataset.id, session?.person?.name ?? '');
  const selected = useMemo(
    () => [...selection.chosen].map((index) => items[index]).filter((item) => item !== undefined),
    [selection, items],
  );
  const openIndex = openItem === undefined ? -1 : items.findIndex(({ id }) => id === openItem);
  const assign = (classId: string | null, isReviewedEmpty = false) =>
    labeling.setClass(selected, classId, isReviewedEmpty);

  const changeFilter = (next: ItemFilter) => {
    setSelection(NOTHING);
    onFilter(next);
  };

  const handleKey = (event: KeyboardEvent): boolean => {
    const action = labelingAction(event, dataset.classes, dataset.can_label);
    if (!action) return false;
    switch (action.kind) {
      case 'undo':
        labeling.undo?.();
        return true;
      case 'redo':
        labeling.redo?.();
        return true;
      case 'set':
        assign(action.classId);
        return true;
    }
  };

  const showItem = (index: number) => {
    setSelection(click(selection, index, { isRange: false, isToggle: false }));
    ensure(index + 1);
    const item = items[index];
    if (item) onOpenItem(item.id);
  };

  return (
    <div className={classes.root}>
      <ClassPanel
        dataset={dataset}
        chosen={filter.label}
        numSelected={selected.length}
        onFilter={(label) => changeFilter({ ...filter, label })}
        onAssign={assign}
      />
      <div className={classes.main}>
        <FilterBar
          dataset={dataset}
          filter={filter}
          total={total}
          tileSize={tileSize}
          onFilter={changeFilter}
          onTileSize={setTileSize}
        />
        {error && <ProblemNotice error={error} onRetry={retry} />}
        {!isLoading && total === 0 ? (
          <EmptyState icon={<IconPhotoOff size={26} stroke={1.5} />} title="No image matches">
            Loosen the filter to see more.
          </EmptyState>
        ) : (
          <Gallery
            items={items}
            total={total}
            classList={dataset.classes}
            selection={selection}
            tileSize={tileSize}
            onSelect={setSelection}
            onOpen={showItem}
            onReach={ensure}
            onKey={handleKey}
          />
        )}
        <SelectionBar
          dataset={dataset}
          selected={selected}
          onClear={() => setSelection(NOTHING)}
          onUnlabel={() => assign(null)}
          onReviewedEmpty={() => assign(null, true)}
          onUndo={labeling.undo}
        />
      </div>
      {openItem !== undefined && (
        <ItemViewer
          dataset={dataset}
          itemId={openItem}
          position={openIndex < 0 ? undefined : { index: openIndex, total }}
          onStep={openIndex < 0 ? undefined : (offset) => showItem(openIndex + offset)}
          onSetClass={(item, classId) => labeling.setClass([item], classId)}
          onUndo={labeling.undo}
          onRedo={labeling.redo}
          onClose={() => onOpenItem(undefined)}
        />
      )}
    </div>
  );
}
