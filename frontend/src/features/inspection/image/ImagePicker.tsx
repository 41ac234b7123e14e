import { Button, Loader, SegmentedControl, Select, UnstyledButton } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useRef, useState, type DragEvent } from 'react';
import type { Item } from '@/api';
import { datasetQuery, fetchItems, itemQuery, itemsKey, uploadFile } from '@/features/datasets';
import { TESTIDS, formatPercent } from '@/lib';
import { ProblemNotice, WhyNot } from '@/ui';
import type { Asked, ImageChoice } from '../api';
import classes from './ImageTab.module.css';

interface ImagePickerProps {
  asked: Asked;
  chosen: ImageChoice | null;
  /** Nothing chosen yet means the first image: the page opens on a result. */
  hasChoice: boolean;
  onChoose: (image: ImageChoice) => void;
}

/** An image of the data, or one from this computer. */
export function ImagePicker({ asked, chosen, hasChoice, onChoose }: ImagePickerProps) {
  const [split, setSplit] = useState('validation');
  const [label, setLabel] = useState('');
  const datasetId = asked.datasetId ?? '';
  const hasData = datasetId !== '';
  const { data: dataset } = useQuery({ ...datasetQuery(datasetId), enabled: hasData });
  const filter = { split: split === 'all' ? undefined : split, label: label === '' ? undefined : label };
  const query = useInfiniteQuery({
    queryKey: [...itemsKey(datasetId), 'picker', filter],
    queryFn: ({ pageParam, signal }) => fetchItems(datasetId, filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled: hasData,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const chosenId = chosen?.type === 'item' ? chosen.itemId : '';
  const { data: chosenItem } = useQuery({ ...itemQuery(chosenId), enabled: chosenId !== '' });
  // What was chosen elsewhere, a mistake of another split, stands before the others.
  const shown = query.data && chosenItem && !items.some(({ id }) => id === chosenItem.id) ? [chosenItem, ...items] : items;
  const first = items[0];
  const chooseFirst = useEffectEvent(() => {
    if (!hasChoice && first) onChoose(choiceOf(first));
  });
  useEffect(() => chooseFirst(), [hasChoice, first?.id]);
  const isChosen = (itemId: string) => chosen?.type === 'item' && chosen.itemId === itemId;
  return (
    <div className={classes.picker}>
      <UploadZone projectId={asked.projectId} canUpload={asked.canEdit} onChoose={onChoose} />
      {hasData && (
        <>
          <SegmentedControl
            fullWidth
            aria-label="Split"
            value={split}
            onChange={setSplit}
            data={[
              { value: 'validation', label: 'Validation' },
              { value: 'test', label: 'Test' },
              { value: 'train', label: 'Train' },
              { value: 'all', label: 'All' },
            ]}
          />
          <Select
            aria-label="Class"
            data={[{ value: '', label: 'Every class' }, ...(dataset?.classes.map(({ id, name }) => ({ value: id, label: name })) ?? [])]}
            value={label}
            onChange={(value) => setLabel(value ?? '')}
          />
        </>
      )}
      <div className={classes.tiles}>
        {shown.map((item) => (
          <UnstyledButton
            key={item.id}
            ref={isChosen(item.id) ? reveal : undefined}
            className={classes.tile}
            aria-pressed={isChosen(item.id)}
            aria-label={item.file_name}
            title={item.file_name}
            onClick={() => onChoose(choiceOf(item))}
            data-testid={TESTIDS.inspect.imageTile}
          >
            <img src={item.thumbnail_url} alt="" loading="lazy" data-tiny={item.width <= 64 || undefined} />
          </UnstyledButton>
        ))}
      </div>
      {query.data && items.length === 0 && <p className={classes.muted}>No image here. Choose another split or class.</p>}
      {query.error && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.hasNextPage && (
        <Button size="xs" variant="subtle" color="gray" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          More
        </Button>
      )}
    </div>
  );
}

/** Scrolls to the chosen tile, also when it was chosen elsewhere. */
function reveal(tile: HTMLElement | null): void {
  tile?.scrollIntoView({ block: 'nearest' });
}

function choiceOf({ id, file_name, image_url }: Item): ImageChoice {
  return { type: 'item', itemId: id, name: file_name, url: image_url };
}

interface UploadZoneProps {
  projectId: string;
  canUpload: boolean;
  onChoose: (image: ImageChoice) => void;
}

function UploadZone({ projectId, canUpload, onChoose }: UploadZoneProps) {
  const input = useRef<HTMLInputElement>(null);
  const [progress, setProgress] = useState(0);
  const upload = useMutation({
    mutationFn: async (file: File): Promise<ImageChoice> => {
      const uploadId = await uploadFile({
        projectId,
        name: file.name,
        content: file,
        onProgress: (sent) => setProgress(sent / Math.max(1, file.size)),
        signal: new AbortController().signal,
      });
      return { type: 'upload', uploadId, name: file.name, url: URL.createObjectURL(file) };
    },
    onSuccess: onChoose,
    meta: { showsOwnError: true },
  });
  const drop = (event: DragEvent) => {
    event.preventDefault();
    const file = event.dataTransfer.files[0];
    if (file && canUpload) upload.mutate(file);
  };
  return (
    <div className={classes.upload} onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <WhyNot reason={canUpload ? null : 'Editors and owners of the project may upload images. Choose one of the data below.'}>
        <Button
          variant="default"
          fullWidth
          disabled={!canUpload}
          leftSection={<IconUpload size={15} />}
          onClick={() => input.current?.click()}
        >
          {upload.isPending ? (
            <>
              <Loader size={12} mr={8} /> {formatPercent(progress, 0)}
            </>
          ) : (
            'Choose or drop an image'
          )}
        </Button>
      </WhyNot>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        aria-label="Image to inspect"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) upload.mutate(file);
          event.currentTarget.value = '';
        }}
        data-testid={TESTIDS.inspect.upload}
      />
      {upload.error && <ProblemNotice error={upload.error} />}
    </div>
  );
}
