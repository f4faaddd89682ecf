-- Returns the tags of the owner's conversations that are not deleted, by name, with the number of conversations of each.
create function list_tags(owner uuid) returns json
language plpgsql stable security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return (
    select coalesce(json_agg(json_build_object('tag', t.tag, 'conversations', t.n) order by t.tag), '[]')
    from (
      select u.tag, count(*) as n from conversations c cross join lateral unnest(c.tags) u (tag)
      where c.owner_id = owner and c.deleted_at is null and c.expires_at is null and c.tags <> '{}'
      group by u.tag
    ) t
  );
end
$$;
