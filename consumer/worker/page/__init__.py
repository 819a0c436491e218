"""The status page: what a person sees of a worker in a browser, live, and readable without script too.

Facts of the endpoints come in, from this process or from several; HTML goes out, and whatever of it changes. It knows
nothing of Kafka, and asks nobody: what it does not find in the facts is unknown, and it says so.

    states           the state of an endpoint in a word: all words are here
    facts            what the page is made of, as the processes of a worker tell each other
    history          a count over the last hour
    quantiles        from a histogram to "half of the answers took at most so long"
    observation      from endpoints at work to facts
    merging, family  the facts of several processes, as those of one
    text, sparkline  times, numbers and pictures as HTML
    parts, head      each part of a card, and of the page's head
    attempt_rows     the last attempts, which are asked for when somebody opens them
    board            the parts as they are now, and which of them changed since when
    document         the whole page, from page.css, page.js and the frames in HTML
    settings         what of it never changes
    live             the streams of all open pages
    routes           where all this is
"""
