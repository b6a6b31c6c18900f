import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { hasRole, useMe } from '../session.ts';
import '../table.css';
import './staff.css';
import { useStaffSpeech } from './staff-speech.ts';

/** The title of a page of staff, and the way to the others. */
export const StaffHead = ({ title, children }: { title: string; children?: ReactNode }) => {
  const { t } = useStaffSpeech();
  const me = useMe();
  const isAdmin = hasRole(me, 'admin');
  return (
    <>
      <title>{`${title} · Weir`}</title>
      {isAdmin && (
        <nav className="nav staff-nav" aria-label={t('staffNav')}>
          <Link to="/jobs">{t('jobs')}</Link>
          <Link to="/moderation">{t('reports')}</Link>
          <Link to="/words">{t('words')}</Link>
          <Link to="/audit" activeOptions={{ includeSearch: false }}>
            {t('auditLog')}
          </Link>
          <Link to="/broadcasts">{t('broadcasts')}</Link>
        </nav>
      )}
      <div className="head">
        <h1 className="grow">{title}</h1>
        {children}
      </div>
    </>
  );
};
