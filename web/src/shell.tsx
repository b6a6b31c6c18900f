/** The frame of every page: brand, status corner, language, colours, and the sign-in before anything else. */
import { ActionIcon, Loader, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { Bell } from './bell.tsx';
import { useSpeech } from './language.tsx';
import { Mark } from './mark.tsx';
import { Notice } from './notice.tsx';
import { Problem } from './problem.tsx';
import { signOut } from './request.ts';
import { hasRole, isSignedOut, meQuery } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { StatusCorner } from './status-corner.tsx';

const ColourSwitch = () => {
  const { t } = useSpeech();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  const label = t(dark ? 'toLight' : 'toDark');
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(dark ? 'light' : 'dark')}
    >
      <svg
        viewBox="0 0 24 24"
        width="18"
        height="18"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        aria-hidden="true"
      >
        {dark ? (
          <g strokeLinecap="round">
            <circle cx="12" cy="12" r="4.2" />
            <path d="M12 2.5v2.3M12 19.2v2.3M2.5 12h2.3M19.2 12h2.3M5.3 5.3l1.6 1.6M17.1 17.1l1.6 1.6M18.7 5.3l-1.6 1.6M6.9 17.1l-1.6 1.6" />
          </g>
        ) : (
          <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z" strokeLinejoin="round" />
        )}
      </svg>
    </ActionIcon>
  );
};

const LanguageSwitch = () => {
  const { t, language, setLanguage } = useSpeech();
  const next = language === 'ko' ? 'en' : 'ko';
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      lang={next}
      aria-label={t('language')}
      title={t('language')}
      onClick={() => setLanguage(next)}
    >
      <span className="small">{next === 'ko' ? '한' : 'EN'}</span>
    </ActionIcon>
  );
};

const SignOut = () => {
  const { t } = useSpeech();
  const queries = useQueryClient();
  const leave = async () => {
    try {
      await signOut();
    } catch (error) {
      // an ended session is what was wanted; anything else leaves the person signed in, and the page says so
      if (!isSignedOut(error)) return void queries.invalidateQueries();
    }
    // first nobody, then the data of whom it was; `me` itself stays, since this frame watches it
    queries.setQueryData(meQuery.queryKey, null);
    queries.removeQueries({ predicate: (query) => query.queryKey[0] !== 'me' });
  };
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={t('signOut')}
      title={t('signOut')}
      onClick={leave}
    >
      <svg
        viewBox="0 0 24 24"
        width="18"
        height="18"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        aria-hidden="true"
      >
        <path d="M14 4H6v16h8M10 12h11m-4-4 4 4-4 4" strokeLinecap="round" strokeLinejoin="round" />
      </svg>
    </ActionIcon>
  );
};

/** Any answer 401 means that the sign-in has ended: ask who we are once more, which leads to the sign-in page. */
const useSignedOutWatch = () => {
  const queries = useQueryClient();
  useEffect(
    () =>
      queries.getQueryCache().subscribe(({ type, query }) => {
        const ended = type === 'updated' && query.queryKey[0] !== 'me' && isSignedOut(query.state.error);
        if (ended && queries.getQueryData(meQuery.queryKey)) void queries.invalidateQueries(meQuery);
      }),
    [queries],
  );
};

export const NotFound = () => {
  const { t } = useSpeech();
  return (
    <div className="panel empty">
      <p>{t('notFound')}</p>
      <Link to="/">{t('back')}</Link>
    </div>
  );
};

/** A new page takes the focus, as a loaded one would, unless a field of it has taken it already. */
const useFocusOnNewPage = () => {
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const last = useRef(pathname);
  useEffect(() => {
    if (last.current === pathname) return;
    last.current = pathname;
    if (!main.current?.querySelector('input:focus')) main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return main;
};

export const Shell = () => {
  const { t } = useSpeech();
  const me = useQuery(meQuery);
  useSignedOutWatch();
  const main = useFocusOnNewPage();
  return (
    <>
      <a className="skip" href="#content">
        {t('skip')}
      </a>
      <header className="bar">
        <div className="bar-inner">
          <Link to="/" className="brand">
            <Mark />
            <span>Weir</span>
          </Link>
          <div className="bar-space">
            {me.data && (
              <nav className="nav" aria-label={t('mainNav')}>
                <Link to="/" activeOptions={{ exact: true, includeSearch: false }}>
                  {t('campaigns')}
                </Link>
                {hasRole(me.data, 'advertiser', 'marketer', 'admin') && (
                  <Link to="/compare" activeOptions={{ includeSearch: false }}>
                    {t('compare')}
                  </Link>
                )}
                <Link to="/boards">{t('boards')}</Link>
                {hasRole(me.data, 'admin') && <Link to="/jobs">{t('admin')}</Link>}
                {hasRole(me.data, 'marketer') && !hasRole(me.data, 'admin') && (
                  <Link to="/broadcasts">{t('broadcasts')}</Link>
                )}
              </nav>
            )}
          </div>
          {me.data && <StatusCorner />}
          {me.data && <Bell key={me.data.id} />}
          <LanguageSwitch />
          <ColourSwitch />
          {me.data && <SignOut />}
        </div>
      </header>
      <main ref={main} id="content" className="page" tabIndex={-1}>
        {me.isPending && (
          <div className="gate">
            <Loader aria-label={t('loading')} />
          </div>
        )}
        {me.isError && <Problem error={me.error} onRetry={() => void me.refetch()} />}
        {me.data === null && <SignIn />}
        {me.data && <Outlet />}
      </main>
      <Notice />
    </>
  );
};
