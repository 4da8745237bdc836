-- Who of one's own hospital has typed something on which card and not saved it: that there is a draft, never what it
-- says. Runs as the owner, since a draft is seen by nobody but whoever typed it.
CREATE POLICY registry_draft_told ON registry_draft FOR SELECT TO tonghu_owner
  USING (institution_id = (SELECT scope.institution()));
CREATE FUNCTION registry.drafts_told() RETURNS TABLE (card_id bigint, person_id bigint, who text, saved_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT held.card_id, held.person_id, held.who, held.saved_at FROM public.registry_draft AS held
  WHERE held.card_id IS NOT NULL AND held.institution_id = (SELECT scope.institution())
    AND ((SELECT scope.may('registry.enter')) OR (SELECT scope.may('registry.audit')))
$$;
REVOKE EXECUTE ON FUNCTION registry.drafts_told() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION registry.drafts_told() TO tonghu_app;
