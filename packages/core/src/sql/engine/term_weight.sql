-- How much a term tells of those that hold it: the inverse document frequency of BM25 (Robertson and Zaragoza 2009, 3.4).
create function term_weight(total double precision, held double precision) returns double precision
language plpgsql immutable security definer set search_path from current as $$
begin
  return ln(1 + (total - held + 0.5) / (held + 0.5));
end
$$;
