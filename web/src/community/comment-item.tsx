import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { AskButton } from '../ask-button.tsx';
import { useMe } from '../session.ts';
import { AuthorLine } from './author-line.tsx';
import { CommentForm } from './comment-form.tsx';
import {
  type Comment,
  changeComment,
  conflictOf,
  createComment,
  deleteComment,
  type PostAt,
} from './community-api.ts';
import { useIdempotencyKey } from './idempotency-key.ts';
import { useModerates } from './moderates.ts';
import { usePostSpeech } from './post-speech.ts';
import { Reactions } from './reactions.tsx';
import { Rendered } from './rendered.tsx';
import { Replies } from './replies.tsx';
import { ReportButton } from './report-button.tsx';

interface Props {
  comment: Comment;
  at: PostAt;
}
type Doing = 'reply' | 'edit' | 'react' | undefined;

/** The text that somebody else's hand, or another window, put there meanwhile is shown; a second try replaces it. */
const EditForm = ({ comment, at, onDone }: Props & { onDone: () => void }) => {
  const { t } = usePostSpeech();
  const queries = useQueryClient();
  const [version, setVersion] = useState(comment.version);
  const reload = () => queries.invalidateQueries({ queryKey: ['comments', at.p] });
  const save = async (content: string) => {
    try {
      await changeComment(at, comment.id, content, version);
    } catch (error) {
      const current = conflictOf(error);
      if (current !== undefined) {
        await reload();
        setVersion(current);
      }
      throw error;
    }
    onDone();
    await reload();
  };
  return (
    <CommentForm
      label={t('editComment')}
      final={t(version === comment.version ? 'save' : 'saveMine')}
      initial={comment.content}
      autoFocus
      onSubmit={save}
      onCancel={onDone}
    />
  );
};

const CommentActs = ({
  comment,
  at,
  doing,
  onDo,
}: Props & { doing: Doing; onDo: (doing: Doing) => void }) => {
  const { t } = usePostSpeech();
  const queries = useQueryClient();
  const own = comment.author?.id === useMe()?.id;
  const moderates = useModerates(at.b);
  const button = (what: NonNullable<Doing>) => (
    <Button
      variant="subtle"
      color="gray"
      size="compact-sm"
      aria-expanded={doing === what}
      onClick={() => onDo(doing === what ? undefined : what)}
    >
      {t(`do.${what}`)}
    </Button>
  );
  return (
    <div className="acts middle">
      {comment.parent === null && button('reply')}
      {button('react')}
      {own && button('edit')}
      {(own || moderates) && (
        <AskButton
          color="red"
          label={t('delete')}
          question={t('deleteCommentAsk')}
          final={t('deleteFinal')}
          run={async () => {
            await deleteComment(at, comment.id);
            await queries.invalidateQueries({ queryKey: ['comments', at.p] });
          }}
        />
      )}
      {!own && <ReportButton subject={{ kind: 'comment', id: comment.id }} />}
    </div>
  );
};

export const CommentItem = ({ comment, at }: Props) => {
  const { t } = usePostSpeech();
  const queries = useQueryClient();
  const [doing, setDoing] = useState<Doing>();
  const [open, setOpen] = useState(false);
  const { keyOf, done } = useIdempotencyKey();
  const reply = async (content: string) => {
    const body = { content, parent: comment.id };
    await createComment(at, body, keyOf(body));
    done();
    setDoing(undefined);
    setOpen(true);
    await queries.invalidateQueries({ queryKey: ['comments', at.p] });
  };
  return (
    <li className={comment.parent === null ? 'panel comment' : 'comment'}>
      {comment.is_deleted ? (
        <p className="soft">{t('commentGone')}</p>
      ) : (
        <>
          <AuthorLine author={comment.author} at={comment.created_at}>
            {comment.version > 1 && <span>{t('edited')}</span>}
          </AuthorLine>
          <Rendered of={comment} />
          <CommentActs comment={comment} at={at} doing={doing} onDo={setDoing} />
          {doing === 'edit' && <EditForm comment={comment} at={at} onDone={() => setDoing(undefined)} />}
          {doing === 'react' && <Reactions subject={{ kind: 'comment', id: comment.id }} />}
          {doing === 'reply' && (
            <CommentForm
              label={t('writeReply')}
              final={t('do.reply')}
              autoFocus
              onSubmit={reply}
              onCancel={() => setDoing(undefined)}
            />
          )}
        </>
      )}
      {comment.parent === null && comment.replies > 0 && (
        <Replies root={comment} at={at} open={open} onOpen={setOpen}>
          {(reply) => <CommentItem comment={reply} at={at} />}
        </Replies>
      )}
    </li>
  );
};
