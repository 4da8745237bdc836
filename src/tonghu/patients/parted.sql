-- The grants that a split, or a merge taken back, has ended in this transaction: they rest on a consent of a child that
-- is another now. For the log of whoever did it, also what others gave, which they do not see.
GRANT CREATE ON SCHEMA resolver TO tonghu_resolver;
CREATE FUNCTION resolver.ended_by_parting(first bigint, second bigint)
RETURNS TABLE (child_id bigint, given_by_id bigint, institution_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT given.child_id, given.given_by_id, given.institution_id
  FROM patients_child AS one
  JOIN patients_grant AS given ON given.child_id = one.id
  JOIN patients_consent AS held ON held.id = given.consent_id
  JOIN patients_child AS named ON named.id = held.child_id
  WHERE coalesce(one.one_with_id, one.id) IN (
      SELECT coalesce(asked.one_with_id, asked.id) FROM patients_child AS asked WHERE asked.id IN (first, second))
    AND coalesce(named.one_with_id, named.id) <> coalesce(one.one_with_id, one.id)
    AND upper(given.valid) >= transaction_timestamp() AND upper(given.valid) <= statement_timestamp()
    AND scope.may('children.merge') AND (resolver.sees(first) OR resolver.sees(second))
  ORDER BY given.id
$$;
ALTER FUNCTION resolver.ended_by_parting(bigint, bigint) OWNER TO tonghu_resolver;
REVOKE CREATE ON SCHEMA resolver FROM tonghu_resolver;
REVOKE EXECUTE ON FUNCTION resolver.ended_by_parting(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION resolver.ended_by_parting(bigint, bigint) TO tonghu_app, tonghu_owner;
