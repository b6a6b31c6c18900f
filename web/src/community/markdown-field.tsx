import { Button, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ClipboardEvent, type DragEvent, useRef } from 'react';
import { Problem } from '../problem.tsx';
import { attach } from './community-api.ts';
import { usePostSpeech } from './post-speech.ts';

interface Props {
  value: string;
  onChange: (change: (before: string) => string) => void;
  error?: string;
}

/** The name of a file as an image's description: without what Markdown would read. */
const toImage = (name: string, url: string) => `![${name.replace(/[[\]()\\\n]/g, ' ').trim()}](${url})`;
const imagesOf = (files: FileList) => [...files].filter((file) => file.type.startsWith('image/'));

/** Markdown with images: chosen, dropped or pasted, each is sent and stands in the text where the cursor was. */
export const MarkdownField = ({ value, onChange, error }: Props) => {
  const { t } = usePostSpeech();
  const areaRef = useRef<HTMLTextAreaElement>(null);
  const fileRef = useRef<HTMLInputElement>(null);
  const insert = (text: string) => {
    const area = areaRef.current;
    const place = area?.selectionEnd ?? value.length;
    onChange((before) => `${before.slice(0, place)}${text}${before.slice(place)}`);
    // after the text is there; otherwise the cursor would jump to its end
    requestAnimationFrame(() => area?.setSelectionRange(place + text.length, place + text.length));
  };
  const upload = useMutation({
    mutationFn: async (files: File[]) => {
      for (const file of files) insert(`${toImage(file.name, (await attach(file)).url)}\n`);
    },
  });
  const take = (event: ClipboardEvent | DragEvent, files: FileList | undefined) => {
    const images = files ? imagesOf(files) : [];
    if (images.length === 0) return;
    event.preventDefault();
    upload.mutate(images);
  };
  return (
    <div className="form">
      <Textarea
        ref={areaRef}
        name="content"
        label={t('content')}
        description={t('markdownHint')}
        value={value}
        required
        maxLength={50_000}
        rows={14}
        error={error}
        onChange={(event) => {
          const text = event.currentTarget.value;
          onChange(() => text);
        }}
        onPaste={(event) => take(event, event.clipboardData.files)}
        onDrop={(event) => take(event, event.dataTransfer.files)}
      />
      <div className="acts middle">
        <input
          ref={fileRef}
          type="file"
          accept="image/*"
          multiple
          hidden
          aria-label={t('attachImage')}
          onChange={(event) => {
            upload.mutate(imagesOf(event.currentTarget.files ?? new DataTransfer().files));
            event.currentTarget.value = '';
          }}
        />
        <Button
          variant="default"
          size="xs"
          fz="sm"
          loading={upload.isPending}
          onClick={() => fileRef.current?.click()}
        >
          {t('attachImage')}
        </Button>
        <span className="small soft">{t('attachHint')}</span>
      </div>
      {upload.isError && <Problem error={upload.error} />}
    </div>
  );
};
